package dev.mezzotint.s3;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.StorageException;
import io.minio.credentials.Credentials;
import io.minio.credentials.Provider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Access key and secret key from two files, read again when they have been given a moment: whoever
 * rotates them replaces the files and restarts nobody. Safe for use by many threads.
 *
 * <p>Settings: {@code S3_ACCESS_KEY_FILE}, {@code S3_SECRET_KEY_FILE}.
 */
final class KeyFiles implements Provider {
  private static final long FRESH_NANOS = 5_000_000_000L;
  private static final int CHARS_MAX = 4096;

  private final Path accessKey;
  private final Path secretKey;
  private @Nullable Credentials last;
  private long read;

  /**
   * @throws InvalidInputException if one of them cannot be read now
   */
  KeyFiles(Path accessKey, Path secretKey) {
    this.accessKey = accessKey;
    this.secretKey = secretKey;
    try {
      fetch();
    } catch (StorageException e) {
      throw new InvalidInputException("s3", String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public synchronized Credentials fetch() {
    Credentials known = last;
    if (known != null && System.nanoTime() - read < FRESH_NANOS) {
      return known;
    }
    Credentials fresh =
        new Credentials(
            word(accessKey, "S3_ACCESS_KEY_FILE"),
            word(secretKey, "S3_SECRET_KEY_FILE"),
            /* sessionToken= */ null,
            /* expiration= */ null);
    last = fresh;
    read = System.nanoTime();
    return fresh;
  }

  private static String word(Path file, String setting) {
    try {
      String word = Files.readString(file).strip();
      if (!word.isEmpty() && word.length() <= CHARS_MAX) {
        return word;
      }
    } catch (IOException e) {
      throw new StorageException(setting + " " + file + " cannot be read", e);
    }
    throw new StorageException(
        setting + " " + file + " must hold 1 to " + CHARS_MAX + " characters");
  }
}
