package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Reads the JSON files of a model folder, with a limited size and the path in error messages. */
final class SmallFiles {
  private static final int BYTES_MAX = 1 << 20;

  private SmallFiles() {}

  /**
   * @throws InvalidInputException whose message starts with the file's path, naming the same field
   */
  static <T> T readJson(Path file, Function<JsonObject, T> parse) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(BYTES_MAX + 1);
    } catch (IOException e) {
      throw new InvalidInputException(
          String.valueOf(file.getFileName()), "cannot read " + file + ": " + e.getMessage(), e);
    }
    if (bytes.length > BYTES_MAX) {
      throw new InvalidInputException(
          String.valueOf(file.getFileName()), file + " is larger than " + BYTES_MAX + " bytes");
    }
    try {
      return parse.apply(JsonObject.parse(bytes));
    } catch (InvalidInputException e) {
      String field = e.field().isEmpty() ? String.valueOf(file.getFileName()) : e.field();
      throw new InvalidInputException(field, file + ": " + e.getMessage(), e);
    }
  }
}
