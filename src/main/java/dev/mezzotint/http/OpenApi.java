package dev.mezzotint.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The description of the front, a file of the artifact that a test holds to the code. */
final class OpenApi {
  private OpenApi() {}

  static byte[] read() {
    try (InputStream in =
        Objects.requireNonNull(OpenApi.class.getResourceAsStream("/openapi.json"))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
