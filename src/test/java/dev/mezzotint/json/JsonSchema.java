package dev.mezzotint.json;

import com.networknt.schema.DisallowUnknownKeywordFactory;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A JSON Schema 2020-12. It must itself be valid and have no unknown keyword, so that every rule it
 * states is checked.
 */
public final class JsonSchema {
  private static final JsonMetaSchema STRICT =
      JsonMetaSchema.builder(JsonMetaSchema.getV202012())
          .unknownKeywordFactory(DisallowUnknownKeywordFactory.getInstance())
          .build();
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(VersionFlag.V202012, builder -> builder.metaSchema(STRICT));
  private static final com.networknt.schema.JsonSchema META =
      JsonSchemaFactory.getInstance(VersionFlag.V202012)
          .getSchema(SchemaLocation.of(VersionFlag.V202012.getId()));

  private final Map<String, Object> members;
  private final com.networknt.schema.JsonSchema schema;

  public JsonSchema(byte[] utf8) {
    JsonObject json = JsonObject.parse(utf8);
    this.members = json.toMap();
    if (!META.validate(json.node()).isEmpty()) {
      throw new IllegalArgumentException("not a schema: " + META.validate(json.node()));
    }
    this.schema = FACTORY.getSchema(json.node());
    schema.initializeValidators();
  }

  @SuppressWarnings("unchecked")
  public Set<String> properties() {
    return ((Map<String, Object>) members.get("properties")).keySet();
  }

  public List<?> required() {
    return (List<?>) members.get("required");
  }

  public boolean accepts(Map<String, ?> value) {
    return schema.validate(JsonObject.parse(JsonText.write(value)).node()).isEmpty();
  }
}
