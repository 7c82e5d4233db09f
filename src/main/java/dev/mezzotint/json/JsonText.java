package dev.mezzotint.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes maps as JSON, which {@link JsonObject} reads. Safe for use by many threads. */
public final class JsonText {
  private static final ObjectWriter IN_ORDER =
      JsonObject.MAPPER.writer().without(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private JsonText() {}

  /** Writes maps (keys sorted), lists, strings, numbers and booleans as compact JSON. */
  public static byte[] write(Map<String, ?> members) {
    return bytes(JsonObject.MAPPER.writer(), members);
  }

  /**
   * As {@link #write}, but keeps the order of each {@link LinkedHashMap}. All other maps are sorted
   * by key, because the order of {@link Map#of} differs between processes.
   */
  public static byte[] writeInOrder(Map<String, ?> members) {
    return bytes(IN_ORDER, ordered(members));
  }

  /** As {@link #writeInOrder}, indented and with a line break at the end. */
  public static byte[] writePretty(Map<String, ?> members) {
    return pretty(ordered(members));
  }

  static byte[] pretty(Object members) {
    byte[] text = bytes(IN_ORDER.withDefaultPrettyPrinter(), members);
    byte[] line = Arrays.copyOf(text, text.length + 1);
    line[text.length] = '\n';
    return line;
  }

  private static byte[] bytes(ObjectWriter writer, Object value) {
    try {
      return writer.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Object ordered(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy =
          map instanceof LinkedHashMap ? new LinkedHashMap<>() : new TreeMap<>();
      map.forEach((key, member) -> copy.put(key, ordered(member)));
      return copy;
    }
    return value instanceof List<?> list ? list.stream().map(JsonText::ordered).toList() : value;
  }
}
