package dev.mezzotint.json;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * As much of JSON Schema 2020-12 as this project's schemas use; a keyword beyond that is an error,
 * so that no schema is believed to check what nobody checks.
 */
public final class JsonSchema {
  private static final Set<String> ANNOTATIONS =
      Set.of("$schema", "$id", "$defs", "title", "description", "default", "format");

  private final Map<String, Object> root;

  public JsonSchema(byte[] utf8) {
    this.root = JsonObject.parse(utf8).toMap();
  }

  public Set<String> properties() {
    return object(root.get("properties")).keySet();
  }

  public List<?> required() {
    return (List<?>) root.get("required");
  }

  public boolean accepts(Map<String, ?> value) {
    return matches(root, value);
  }

  private boolean matches(Map<String, Object> schema, Object value) {
    return schema.entrySet().stream().allMatch(k -> holds(schema, k.getKey(), k.getValue(), value));
  }

  private boolean holds(Map<String, Object> schema, String keyword, Object rule, Object value) {
    return switch (keyword) {
      case "type" -> isOfType(String.valueOf(rule), value);
      case "enum" -> ((List<?>) rule).contains(value);
      case "const" -> Objects.equals(rule, value);
      case "$ref" -> matches(definition(String.valueOf(rule)), value);
      case "oneOf" -> count(rule, value) == 1;
      case "anyOf" -> count(rule, value) > 0;
      case "allOf" -> count(rule, value) == ((List<?>) rule).size();
      case "not" -> !matches(object(rule), value);
      case "minimum" -> !(value instanceof Number n) || compare(n, rule) >= 0;
      case "maximum" -> !(value instanceof Number n) || compare(n, rule) <= 0;
      case "exclusiveMaximum" -> !(value instanceof Number n) || compare(n, rule) < 0;
      case "pattern" ->
          !(value instanceof String s) || Pattern.compile(String.valueOf(rule)).matcher(s).find();
      case "minLength" -> !(value instanceof String s) || s.length() >= (Integer) rule;
      case "maxLength" -> !(value instanceof String s) || s.length() <= (Integer) rule;
      case "minItems" -> !(value instanceof List<?> l) || l.size() >= (Integer) rule;
      case "maxItems" -> !(value instanceof List<?> l) || l.size() <= (Integer) rule;
      case "contentEncoding" -> !(value instanceof String s) || isBase64(s);
      case "items" ->
          !(value instanceof List<?> l) || l.stream().allMatch(i -> matches(object(rule), i));
      case "required" -> !(value instanceof Map<?, ?> m) || m.keySet().containsAll((List<?>) rule);
      case "properties" -> !(value instanceof Map<?, ?> m) || propertiesHold(object(rule), m);
      case "additionalProperties" ->
          !(value instanceof Map<?, ?> m)
              || m.entrySet().stream()
                  .filter(e -> !named(schema).contains(String.valueOf(e.getKey())))
                  .allMatch(e -> rule instanceof Map && matches(object(rule), e.getValue()));
      case "minProperties" -> !(value instanceof Map<?, ?> m) || m.size() >= (Integer) rule;
      case "maxProperties" -> !(value instanceof Map<?, ?> m) || m.size() <= (Integer) rule;
      case "propertyNames" ->
          !(value instanceof Map<?, ?> m)
              || m.keySet().stream().allMatch(key -> matches(object(rule), key));
      case "dependentRequired" ->
          !(value instanceof Map<?, ?> m)
              || object(rule).entrySet().stream()
                  .allMatch(
                      d ->
                          !m.containsKey(d.getKey())
                              || m.keySet().containsAll((List<?>) d.getValue()));
      default -> {
        if (!ANNOTATIONS.contains(keyword)) {
          throw new IllegalArgumentException("keyword " + keyword + " is not known here");
        }
        yield true;
      }
    };
  }

  private static Set<String> named(Map<String, Object> schema) {
    return schema.containsKey("properties") ? object(schema.get("properties")).keySet() : Set.of();
  }

  private boolean propertiesHold(Map<String, Object> rules, Map<?, ?> value) {
    return value.entrySet().stream()
        .allMatch(
            member ->
                !rules.containsKey(String.valueOf(member.getKey()))
                    || matches(object(rules.get(member.getKey())), member.getValue()));
  }

  private long count(Object schemas, Object value) {
    return ((List<?>) schemas).stream().filter(s -> matches(object(s), value)).count();
  }

  private static boolean isOfType(String type, Object value) {
    return switch (type) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "number" -> value instanceof Number;
      case "integer" ->
          value instanceof Integer
              || value instanceof Long
              || value instanceof java.math.BigInteger;
      default -> throw new IllegalArgumentException("type " + type);
    };
  }

  private static boolean isBase64(String text) {
    try {
      return java.util.Base64.getDecoder().decode(text).length > 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static int compare(Number number, Object bound) {
    return new java.math.BigDecimal(number.toString())
        .compareTo(new java.math.BigDecimal(bound.toString()));
  }

  private Map<String, Object> definition(String reference) {
    String name = reference.substring("#/$defs/".length());
    return object(object(root.get("$defs")).get(name));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }
}
