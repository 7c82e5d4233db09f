package dev.mezzotint.storage;

import java.util.Optional;

/**
 * Writing where the first writer wins and every later one takes what stands: several attempts at
 * one job agree on its bytes without knowing of each other.
 */
public final class FirstWrite {
  private static final int TRIES_MAX = 4;

  private FirstWrite() {}

  /**
   * Creates the object, or reads the one that stands there before. Costs one call where nothing
   * stands.
   *
   * @return the bytes that stand under the key: the very array given if this call wrote them
   * @throws StorageException also if the key is again and again neither free nor readable, because
   *     somebody removes it
   */
  public static byte[] standing(ObjectStore store, String key, byte[] bytes, String contentType) {
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
