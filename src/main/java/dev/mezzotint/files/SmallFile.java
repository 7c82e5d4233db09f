package dev.mezzotint.files;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Reads small files as a whole, with a limited size and the path in error messages. */
public final class SmallFile {
  private static final int BYTES_MAX = 16 << 20;

  private SmallFile() {}

  /**
   * Reads a file or a pipe.
   *
   * @throws InvalidInputException naming the file
   */
  public static byte[] read(Path file) {
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(
          simpleName(file.toString()), file + " is a folder, not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (IOException e) {
      throw new InvalidInputException(
          simpleName(file.toString()), file + " cannot be read: " + FileErrors.reason(e), e);
    }
  }

  /**
   * Reads a stream to its end; does not close it.
   *
   * @param name of the stream, for messages
   * @throws InvalidInputException if it is too long, or a {@link PlaceholderFile}
   */
  public static byte[] read(InputStream in, String name) throws IOException {
    byte[] bytes = in.readNBytes(BYTES_MAX + 1);
    if (bytes.length > BYTES_MAX) {
      throw new InvalidInputException(
          simpleName(name), name + " is larger than " + (BYTES_MAX >> 20) + " MiB");
    }
    PlaceholderFile.reason(bytes)
        .ifPresent(
            reason -> {
              throw new InvalidInputException(simpleName(name), name + " " + reason);
            });
    return bytes;
  }

  /**
   * Reads a JSON object.
   *
   * @throws InvalidInputException whose message begins with the path, naming the same field as the
   *     parser, or else the file's name
   */
  public static <T> T readJson(Path file, Function<JsonObject, T> parse) {
    return parseJson(read(file), file.toString(), parse);
  }

  /** As {@link #readJson}, for bytes that were read from a file of this name. */
  public static <T> T parseJson(byte[] json, String file, Function<JsonObject, T> parse) {
    try {
      return parse.apply(JsonObject.parse(json));
    } catch (InvalidInputException e) {
      String between = e.field().isEmpty() ? " " : ": ";
      throw new InvalidInputException(
          e.field().isEmpty() ? simpleName(file) : e.field(), file + between + e.getMessage(), e);
    }
  }

  /** The field of a refusal that concerns the whole file. */
  private static String simpleName(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
