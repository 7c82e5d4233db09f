package dev.mezzotint.s3;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.StorageException;
import io.minio.credentials.Credentials;
import io.minio.credentials.Provider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Provides access key and secret key from two files, which are read again every few seconds, so
 * that keys can be rotated without a restart. Safe for use by many threads.
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
   * @throws InvalidInputException if one of the files cannot be read
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
            readKey(accessKey, "S3_ACCESS_KEY_FILE"),
            readKey(secretKey, "S3_SECRET_KEY_FILE"),
            /* sessionToken= */ null,
            /* expiration= */ null);
    last = fresh;
    read = System.nanoTime();
    return fresh;
  }

  private static String readKey(Path file, String setting) {
    try {
      String key = Files.readString(file).strip();
      if (!key.isEmpty() && key.length() <= CHARS_MAX) {
        return key;
      }
    } catch (IOException e) {
      throw new StorageException(
          setting + " " + file + " cannot be read: " + FileErrors.reason(e), e);
    }
    throw new StorageException(
        setting + " " + file + " must hold 1 to " + CHARS_MAX + " characters");
  }
}
