package dev.mezzotint.storage;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One bucket of an S3-compatible store. Keys are UTF-8 with {@code /} as separator, without a
 * leading one.
 *
 * <p>Safe for use by many threads. Every method throws {@link StorageException} if the store is
 * unavailable, exceeds its time limit or answers 5xx; retrying is the caller's decision.
 */
public interface ObjectStore extends ObjectReader, AutoCloseable {

  /** Writes unconditionally; returns the new ETag. */
  String put(String key, byte[] bytes, String contentType);

  /**
   * Writes only if the key does not exist ({@code If-None-Match: *}, a single PUT, because a
   * multipart upload would lose the condition).
   *
   * @return the new ETag; empty if the key already existed: then nothing was written
   */
  Optional<String> create(String key, byte[] bytes, String contentType);

  /**
   * Overwrites only the version with this ETag ({@code If-Match}).
   *
   * @return the new ETag; empty if the object was changed or removed: then nothing was written
   */
  Optional<String> replace(String key, byte[] bytes, String contentType, String etag);

  /** Uploads a file of any size; unconditional, therefore for unique keys only. */
  void upload(String key, Path file, String contentType);

  /** Removes the object if it exists. */
  void delete(String key);

  @Override
  void close();
}
