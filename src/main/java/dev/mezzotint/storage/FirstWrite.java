package dev.mezzotint.storage;

import java.util.Optional;

/**
 * Writes an object only if its key does not exist: the first writer wins, and every later one uses
 * the existing bytes. Several attempts at one job so agree on its bytes without communicating.
 */
public final class FirstWrite {
  private static final int TRIES_MAX = 4;

  private FirstWrite() {}

  /**
   * Creates the object, or reads the existing one. Costs one call if there is none.
   *
   * @return the stored bytes: the given array itself if this call wrote them
   * @throws StorageException also if the object repeatedly exists but cannot be read, because it is
   *     being removed
   */
  public static byte[] createOrRead(
      ObjectStore store, String key, byte[] bytes, String contentType) {
    for (int i = 0; i < TRIES_MAX; i++) {
      if (store.create(key, bytes, contentType).isPresent()) {
        return bytes;
      }
      Optional<StoredObject> before = store.get(key);
      if (before.isPresent()) {
        return before.get().bytes();
      }
    }
    throw new StorageException(key + " can neither be created nor read");
  }
}
