package dev.mezzotint.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/** Copies objects of the store to files. */
public final class Download {
  private static final int BUFFER = 1 << 16;

  private Download() {}

  /**
   * Copies an object, or as much of it as {@code bytesMax} and one block allow.
   *
   * @param check run before each block; may throw to abort the download
   * @return size and checksum of what was written; empty if there is no such object
   * @throws StorageException if the store is unavailable or the connection is lost
   * @throws IOException if the file cannot be written
   */
  public static Optional<FileDigest> toFile(
      ObjectReader store, String key, Path file, long bytesMax, Runnable check) throws IOException {
    Optional<InputStream> content = store.open(key);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    MessageDigest digest = Sha256.digest();
    long bytes = 0;
    try (InputStream in = content.get();
        OutputStream out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      while (bytes <= bytesMax) {
        check.run();
        int read = read(in, buffer, key);
        if (read < 0) {
          break;
        }
        bytes += read;
        digest.update(buffer, 0, read);
        out.write(buffer, 0, read);
      }
    }
    return Optional.of(new FileDigest(bytes, Sha256.hex(digest)));
  }

  /**
   * Copies an object whose size is known.
   *
   * @throws StorageException also if the object has vanished or has another size
   */
  public static FileDigest whole(
      ObjectReader store, String key, Path file, long bytes, Runnable check) throws IOException {
    FileDigest copied =
        toFile(store, key, file, bytes, check)
            .orElseThrow(() -> new StorageException(key + " has vanished"));
    if (copied.bytes() != bytes) {
      throw new StorageException(key + " changed or the connection was lost while reading it");
    }
    return copied;
  }

  /** Distinguishes a lost connection from a full disk. */
  private static int read(InputStream in, byte[] buffer, String key) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw new StorageException("connection lost while reading " + key, e);
    }
  }
}
