package dev.mezzotint.repository;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds fields of a document that its class does not have. Kubernetes' classes accept unknown
 * fields and store them separately; here a document is read into its class and written again
 * without them, and compared.
 */
final class UnknownFields {
  private static final String ADDITIONAL = "getAdditionalProperties";

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnyGetter(Annotated member) {
                  return member.getName().equals(ADDITIONAL)
                      ? Boolean.FALSE
                      : super.hasAnyGetter(member);
                }

                @Override
                public boolean hasIgnoreMarker(AnnotatedMember member) {
                  return member.getName().equals(ADDITIONAL) || super.hasIgnoreMarker(member);
                }
              });

  private UnknownFields() {}

  /** Paths of the fields that the type does not have. */
  static List<String> find(JsonNode document, Class<?> type) {
    List<String> missing = new ArrayList<>();
    compare("", document, MAPPER.valueToTree(Yaml.as(document, type)), missing);
    return missing;
  }

  private static void compare(String path, JsonNode given, JsonNode kept, List<String> missing) {
    if (kept == null) {
      missing.add(path);
    } else if (given.isObject()) {
      given
          .properties()
          .forEach(
              field ->
                  compare(
                      path + "/" + field.getKey(),
                      field.getValue(),
                      kept.get(field.getKey()),
                      missing));
    } else if (given.isArray()) {
      for (int i = 0; i < given.size(); i++) {
        compare(path + "/" + i, given.get(i), kept.get(i), missing);
      }
    }
  }
}
