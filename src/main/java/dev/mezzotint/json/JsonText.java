package dev.mezzotint.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes plain maps as JSON; {@link JsonObject} reads it. Safe for use by many threads. */
public final class JsonText {
  private JsonText() {}

  /** Writes maps (keys sorted), lists, strings, numbers and booleans as compact JSON. */
  public static byte[] write(Map<String, ?> members) {
    try {
      return JsonObject.MAPPER.writeValueAsBytes(members);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * As {@link #write}, in the order in which each {@link LinkedHashMap} was filled, for formats
   * where readers keep it. Every other map is sorted by key: {@link Map#of} has another order in
   * each process, and what is written must not depend on who wrote it.
   */
  public static byte[] writeInOrder(Map<String, ?> members) {
    try {
      return JsonObject.MAPPER
          .writer()
          .without(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .writeValueAsBytes(ordered(members));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As {@link #writeInOrder}, indented, for files that people read. */
  public static byte[] writePretty(Map<String, ?> members) {
    try {
      byte[] text =
          JsonObject.MAPPER
              .writer()
              .without(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
              .withDefaultPrettyPrinter()
              .writeValueAsBytes(ordered(members));
      byte[] line = Arrays.copyOf(text, text.length + 1);
      line[text.length] = '\n';
      return line;
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
