package dev.mezzotint.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that is read field by field, for input of users. Each getter checks type and range
 * and marks the field as known; {@link #refuseUnknown} then refuses the first unknown field.
 *
 * <p>A field that is {@code null} counts as absent. Every refusal is an {@link
 * InvalidInputException} with the field's path. Not safe for use by several threads.
 */
public final class JsonObject {
  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(32)
                          .maxNumberLength(64)
                          .maxStringLength(1 << 20)
                          .maxNameLength(512)
                          .build())
                  .build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /** What the parser says about its own options and positions. */
  private static final Pattern PARSER_TERMS =
      Pattern.compile(
          ": enable `[^`]*` to allow|,? ?(from )?`[^`]*`| \\(start marker at .*\\)$"
              + "| \\(not recognized as one since [^)]*\\)");

  private final ObjectNode node;
  private final String path;
  private final Set<String> known = new HashSet<>();

  private JsonObject(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /**
   * Parses one JSON object and nothing after it. Depth and the lengths of numbers and strings are
   * bounded, and duplicate keys are refused.
   */
  public static JsonObject parse(byte[] utf8) {
    JsonNode tree;
    try {
      tree = MAPPER.readTree(utf8);
    } catch (IOException e) {
      String reason =
          utf8[0] == 0
              ? "it begins with a zero byte, as records with the prefix of a schema registry do"
              : e instanceof JsonProcessingException syntax ? oneLine(syntax) : "it is not UTF-8";
      throw new InvalidInputException("", "is not valid JSON: " + reason, e);
    }
    if (!(tree instanceof ObjectNode object)) {
      throw new InvalidInputException("", "is not a JSON object");
    }
    return new JsonObject(object, "");
  }

  public static JsonObject parse(String text) {
    return parse(text.getBytes(StandardCharsets.UTF_8));
  }

  static String oneLine(JsonProcessingException e) {
    var at = e.getLocation();
    String where =
        at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
    if (e instanceof MismatchedInputException) { // the only demand on a tree
      return "there is more after the end of the object, one is expected" + where;
    }
    String message = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
    return PARSER_TERMS.matcher(message).replaceAll("").replace("VALUE_STRING", "a string") + where;
  }

  ObjectNode node() {
    return node;
  }

  /** The same members with keys sorted at every level: equal meaning gives equal bytes. */
  public byte[] canonical() {
    return JsonText.write(sorted(node));
  }

  /** All members as plain maps, lists, strings, numbers and booleans. */
  public Map<String, Object> toMap() {
    return sorted(node);
  }

  private static Map<String, Object> sorted(JsonNode object) {
    Map<String, Object> members = new TreeMap<>();
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      members.put(name, plain(object.get(name)));
    }
    return members;
  }

  @SuppressWarnings("NullAway") // JSON's null is kept
  private static Object plain(JsonNode value) {
    if (value.isObject()) {
      return sorted(value);
    }
    if (value.isArray()) {
      List<Object> items = new ArrayList<>();
      value.forEach(item -> items.add(plain(item)));
      return items;
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    return value.isNull() ? null : value.numberValue();
  }

  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Names of all fields in the order of the text. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  public boolean has(String name) {
    known.add(name);
    return node.hasNonNull(name);
  }

  /**
   * Whether the field is present with the value {@code null}, for formats that distinguish this
   * from an absent field.
   */
  public boolean isNull(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    return value != null && value.isNull();
  }

  /** Whether the field is a list, for fields that take one value or several. */
  public boolean isList(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    return value != null && value.isArray();
  }

  private @Nullable JsonNode find(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** Creates the refusal of a field of this object, for the caller's own checks. */
  public InvalidInputException refuse(String name, String what) {
    return new InvalidInputException(path(name), path(name) + " " + what);
  }

  /** Throws a refusal if a field is invalid; {@code what} is a format for {@code args}. */
  public void refuseIf(boolean invalid, String name, String what, @Nullable Object... args) {
    InvalidInputException.refuseIf(invalid, path(name), what, args);
  }

  /**
   * @param kind what a valid value is, for messages
   */
  private <T> Optional<T> read(
      String name, String kind, Predicate<JsonNode> valid, Function<JsonNode, T> convert) {
    JsonNode value = find(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!valid.test(value)) {
      throw refuse(name, "must be " + kind + ", not " + describe(value));
    }
    return Optional.of(convert.apply(value));
  }

  public Optional<String> string(String name) {
    return read(name, "a string", JsonNode::isTextual, JsonNode::textValue);
  }

  public String requiredString(String name) {
    return string(name).orElseThrow(() -> refuse(name, "is missing: a string is required"));
  }

  public String string(String name, String otherwise) {
    return string(name).orElse(otherwise);
  }

  /** An integer within bounds, both included. */
  public OptionalLong integer(String name, long min, long max) {
    JsonNode value = find(name);
    if (value == null) {
      return OptionalLong.empty();
    }
    if (!value.isIntegralNumber()) {
      throw refuse(name, "must be an integer, not " + describe(value));
    }
    if (!value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
      throw refuse(name, "must be from " + min + " to " + max + ", not " + describe(value));
    }
    return OptionalLong.of(value.longValue());
  }

  public long integer(String name, long min, long max, long otherwise) {
    return integer(name, min, max).orElse(otherwise);
  }

  public int integer(String name, int min, int max, int otherwise) {
    return (int) integer(name, min, max).orElse(otherwise);
  }

  /** As {@link #integer(String, long, long)}, within the bounds of an {@code int}. */
  public OptionalInt optionalInt(String name, int min, int max) {
    OptionalLong value = integer(name, min, max);
    return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
  }

  /** A finite number within bounds, both included. */
  public OptionalDouble number(String name, double min, double max) {
    JsonNode value = find(name);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (!value.isNumber()) {
      throw refuse(name, "must be a number, not " + describe(value));
    }
    double number = value.doubleValue();
    if (!(number >= min && number <= max)) {
      throw refuse(name, "must be from " + min + " to " + max + ", not " + describe(value));
    }
    return OptionalDouble.of(number);
  }

  public double number(String name, double min, double max, double otherwise) {
    return number(name, min, max).orElse(otherwise);
  }

  public Optional<Boolean> bool(String name) {
    return read(name, "true or false", JsonNode::isBoolean, JsonNode::booleanValue);
  }

  public boolean bool(String name, boolean otherwise) {
    return bool(name).orElse(otherwise);
  }

  public Optional<JsonObject> object(String name) {
    return read(
        name,
        "an object",
        JsonNode::isObject,
        value -> new JsonObject((ObjectNode) value, path(name)));
  }

  public Optional<List<String>> strings(String name, int sizeMax) {
    return items(name, sizeMax, "strings only", JsonNode::isTextual, JsonNode::textValue);
  }

  public Optional<List<Long>> integers(String name, int sizeMax, long min, long max) {
    return items(
        name,
        sizeMax,
        "integers from " + min + " to " + max,
        item ->
            item.isIntegralNumber()
                && item.canConvertToLong()
                && item.longValue() >= min
                && item.longValue() <= max,
        JsonNode::longValue);
  }

  public Optional<List<Double>> numbers(String name, int sizeMax, double min, double max) {
    return items(
        name,
        sizeMax,
        "numbers from " + min + " to " + max,
        item -> item.isNumber() && item.doubleValue() >= min && item.doubleValue() <= max,
        JsonNode::doubleValue);
  }

  private <T> Optional<List<T>> items(
      String name,
      int sizeMax,
      String rule,
      Predicate<JsonNode> valid,
      Function<JsonNode, T> convert) {
    return array(name, sizeMax)
        .map(
            items -> {
              for (JsonNode item : items) {
                if (!valid.test(item)) {
                  throw refuse(name, "must hold " + rule + ", not " + describe(item));
                }
              }
              return items.stream().map(convert).toList();
            });
  }

  public Optional<List<JsonObject>> objects(String name, int sizeMax) {
    return array(name, sizeMax)
        .map(
            items -> {
              List<JsonObject> objects = new ArrayList<>();
              for (int i = 0; i < items.size(); i++) {
                if (!(items.get(i) instanceof ObjectNode object)) {
                  throw refuse(name, "must hold objects only, not " + describe(items.get(i)));
                }
                objects.add(new JsonObject(object, path(name) + "[" + i + "]"));
              }
              return List.copyOf(objects);
            });
  }

  private Optional<List<JsonNode>> array(String name, int sizeMax) {
    Optional<JsonNode> list = read(name, "a list", JsonNode::isArray, value -> value);
    list.filter(value -> value.size() > sizeMax)
        .ifPresent(
            value -> {
              throw refuse(name, "may have at most " + sizeMax + " entries, not " + value.size());
            });
    return list.map(value -> StreamSupport.stream(value.spliterator(), false).toList());
  }

  /** One of a fixed set of words. */
  public Optional<String> word(String name, List<String> allowed) {
    Optional<String> word = string(name);
    word.ifPresent(
        w -> {
          if (!allowed.contains(w)) {
            throw refuse(
                name, "must be one of " + String.join(", ", allowed) + ", not " + quote(w));
          }
        });
    return word;
  }

  /** Refuses the first field that no getter has read. */
  public void refuseUnknown() {
    for (String name : names()) {
      if (!known.contains(name)) {
        List<String> expected = known.stream().sorted().toList();
        throw new InvalidInputException(
            path(name),
            "unknown field " + quote(path(name)) + ": known are " + String.join(", ", expected));
      }
    }
  }

  /** The text in quotes, shortened and without control characters, for messages. */
  public static String quote(String text) {
    StringBuilder safe = new StringBuilder("\"");
    text.codePoints()
        .limit(60)
        .forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '\uFFFD' : c));
    return safe.append(text.codePointCount(0, text.length()) > 60 ? "…\"" : "\"").toString();
  }

  private static String describe(JsonNode value) {
    if (value.isTextual()) {
      return quote(value.textValue());
    }
    if (value.isObject()) {
      return "an object";
    }
    if (value.isArray()) {
      return "a list";
    }
    String text = value.toString();
    return text.length() > 40 ? text.substring(0, 40) + "…" : text;
  }
}
