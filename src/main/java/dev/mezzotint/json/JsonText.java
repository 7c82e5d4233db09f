package dev.mezzotint.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;

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

  /** As {@link #write}, in the map's own order, for formats where readers keep it. */
  public static byte[] writeInOrder(Map<String, ?> members) {
    try {
      return JsonObject.MAPPER
          .writer()
          .without(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .writeValueAsBytes(members);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As {@link #write}, in the map's own order, indented, for files that people read. */
  public static byte[] writePretty(Map<String, ?> members) {
    try {
      byte[] text =
          JsonObject.MAPPER
              .writer()
              .without(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
              .withDefaultPrettyPrinter()
              .writeValueAsBytes(members);
      byte[] line = Arrays.copyOf(text, text.length + 1);
      line[text.length] = '\n';
      return line;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
