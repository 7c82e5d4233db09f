package dev.mezzotint.json;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes and reads this project's own documents: records, mapped by Jackson, with a {@code schema}
 * number as the first member.
 *
 * <p>Members are written in the order of the record's components, so equal records give equal
 * bytes. When reading, unknown members are ignored; an absent member is an empty string, list or
 * optional, or 0, unless it is {@link Required}. Safe for use by many threads.
 */
public final class JsonDocument {
  private static final JsonSetter.Value EMPTY = JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY);

  private static final JsonMapper MAPPER =
      JsonMapper.builder(JsonObject.MAPPER.getFactory())
          .addModules(new Jdk8Module(), new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .withConfigOverride(String.class, type -> type.setSetterInfo(EMPTY))
          .withConfigOverride(List.class, type -> type.setSetterInfo(EMPTY))
          .build();

  private JsonDocument() {}

  /** Writes the record indented, with a line break at the end. */
  public static byte[] write(int schema, Record document) {
    ObjectNode json = MAPPER.createObjectNode().put("schema", schema);
    ObjectNode members = MAPPER.valueToTree(document);
    return JsonText.pretty(json.setAll(members));
  }

  /**
   * Reads a record that {@link #write} has written.
   *
   * @throws InvalidInputException if these are not the bytes of such a document, or are of a later
   *     schema
   */
  public static <T extends Record> T read(byte[] bytes, int schema, Class<T> type) {
    JsonObject json = JsonObject.parse(bytes);
    json.integer("schema", schema, schema)
        .orElseThrow(() -> json.refuse("schema", "is missing: " + schema + " is required"));
    try {
      return MAPPER.treeToValue(json.node(), type);
    } catch (JsonMappingException e) {
      if (e.getCause() instanceof InvalidInputException refusal) {
        throw refusal;
      }
      String field =
          e.getPath().stream()
              .map(step -> step.getFieldName() == null ? "[]" : step.getFieldName())
              .collect(Collectors.joining("."));
      throw new InvalidInputException(field, (field + " is not valid: " + cause(e)).strip(), e);
    } catch (JsonProcessingException e) {
      throw new InvalidInputException("", "is not valid JSON: " + JsonObject.oneLine(e), e);
    }
  }

  private static String cause(JsonMappingException e) {
    return e.getCause() instanceof IllegalArgumentException check
        ? String.valueOf(check.getMessage())
        : e.getOriginalMessage().lines().findFirst().orElse("unreadable");
  }
}
