package dev.mezzotint.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files that hold the exact bytes of documents and messages as released versions write them. Run
 * the tests with {@code -Dgolden.write=true} to write the files of a new document.
 */
public final class GoldenDocument {
  private static final Path FOLDER = Path.of("src/test/resources/golden-documents");

  private GoldenDocument() {}

  public static byte[] read(String name) {
    try {
      return Files.readAllBytes(FOLDER.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asserts that these are the bytes of the file. */
  public static void assertBytes(String name, byte[] actual) {
    if (Boolean.getBoolean("golden.write") && !Files.exists(FOLDER.resolve(name))) {
      try {
        Files.createDirectories(FOLDER);
        Files.write(FOLDER.resolve(name), actual);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    assertThat(new String(actual, StandardCharsets.UTF_8))
        .as(name)
        .isEqualTo(new String(read(name), StandardCharsets.UTF_8));
  }
}
