package dev.mezzotint.repository;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A strict YAML reader: duplicate keys and keys unknown to the type are errors. */
final class Yaml {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Yaml() {}

  /** All documents of a file except empty ones. */
  static List<JsonNode> documents(Path file) {
    try {
      return documents(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  static List<JsonNode> documents(String text) throws IOException {
    List<JsonNode> documents = new ArrayList<>();
    try (MappingIterator<JsonNode> each = MAPPER.readerFor(JsonNode.class).readValues(text)) {
      while (each.hasNextValue()) {
        JsonNode document = each.nextValue();
        if (document != null && !document.isNull() && !document.isMissingNode()) {
          documents.add(document);
        }
      }
    }
    return documents;
  }

  static JsonNode document(Path file) {
    List<JsonNode> documents = documents(file);
    if (documents.size() != 1) {
      throw new AssertionError(file + " has " + documents.size() + " documents, must have one");
    }
    return documents.get(0);
  }

  /** Converts a document; fails on a field that the type does not have. */
  static <T> T as(JsonNode document, Class<T> type) {
    try {
      return MAPPER.treeToValue(document, type);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e.getOriginalMessage() + " in " + document, e);
    }
  }

  /** The values of a mapping as texts, by key. */
  static Map<String, String> texts(JsonNode mapping) {
    Map<String, String> texts = new TreeMap<>();
    mapping.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }
}
