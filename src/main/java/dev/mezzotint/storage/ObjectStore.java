package dev.mezzotint.storage;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One bucket of an S3-compatible store. Keys are UTF-8 with {@code /} as separator, never with a
 * leading one.
 *
 * <p>Safe for use by many threads. Every method throws {@link StorageException} when the store is
 * away, slow beyond its time limit or answers 5xx; retrying is the caller's decision.
 */
public interface ObjectStore extends AutoCloseable {

  /** The whole of a small object, with the ETag to pass to {@link #replace}; empty if absent. */
  Optional<StoredObject> get(String key);

  /** A large object as a stream, which the caller closes; empty if absent. */
  Optional<InputStream> open(String key);

  /** Size in bytes and ETag without the content; empty if absent. */
  Optional<ObjectStat> stat(String key);

  /** Writes whatever stands under the key; returns the new ETag. */
  String put(String key, byte[] bytes, String contentType);

  /**
   * Writes only where nothing stands ({@code If-None-Match: *}, a single PUT so that the condition
   * is not lost in a multipart upload).
   *
   * @return the new ETag, or empty if the key already existed: then nothing was written
   */
  Optional<String> create(String key, byte[] bytes, String contentType);

  /**
   * Overwrites only the version that the caller has seen ({@code If-Match}).
   *
   * @return the new ETag, or empty if the object has changed or gone: then nothing was written
   */
  Optional<String> replace(String key, byte[] bytes, String contentType, String etag);

  /** Uploads a file of any size; unconditional, so for unique keys only. */
  void upload(String key, Path file, String contentType);

  /** All keys under a prefix, in the order of their bytes. */
  List<String> list(String prefix);

  /** Removes the object; nothing happens if it is absent. */
  void delete(String key);

  @Override
  void close();
}
