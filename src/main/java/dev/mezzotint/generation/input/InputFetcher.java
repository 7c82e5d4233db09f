package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Brings the files that a request names, and checks them against what it says of them. Methods
 * throw {@link IOException} with one sentence where a file is not what was claimed, and {@link
 * StorageException} where the store is away. Safe for use by many threads.
 *
 * @param bytesMax of one picture's file
 */
public record InputFetcher(ObjectStore store, int bytesMax) {
  private static final int BUFFER = 1 << 16;

  byte[] bytes(ImageReference reference) throws IOException {
    if (reference instanceof ImageReference.Inline inline) {
      return inline.bytes();
    }
    ImageReference.Stored stored = (ImageReference.Stored) reference;
    byte[] bytes;
    try (InputStream in = open(stored.key())) {
      bytes = read(in, stored.key());
    }
    if (bytes.length > bytesMax) {
      throw tooLarge(stored.key(), bytesMax);
    }
    checkSize(stored, bytes.length);
    if (stored.sha256().isPresent()) {
      checkDigest(stored, Sha256.sha256(bytes));
    }
    return bytes;
  }

  /**
   * Writes a large object into a file that stands already.
   *
   * @throws TransientException also if this machine has no room for it
   */
  void download(ImageReference.Stored stored, Path file, long sizeMax) throws IOException {
    MessageDigest digest = sha256();
    long size = 0;
    try (InputStream in = open(stored.key());
        OutputStream out = local(() -> Files.newOutputStream(file))) {
      byte[] buffer = new byte[BUFFER];
      int read;
      while ((read = readSome(in, buffer, stored.key())) >= 0) {
        size += read;
        if (size > sizeMax) {
          throw tooLarge(stored.key(), sizeMax);
        }
        digest.update(buffer, 0, read);
        int length = read;
        local(
            () -> {
              out.write(buffer, 0, length);
              return out;
            });
      }
    }
    checkSize(stored, size);
    checkDigest(stored, HexFormat.of().formatHex(digest.digest()));
  }

  private interface Local<T> {
    T call() throws IOException;
  }

  /** A full disk is this machine's trouble, not the request's. */
  private static <T> T local(Local<T> work) {
    try {
      return work.call();
    } catch (IOException e) {
      throw new TransientException("a file of a job cannot be kept here: " + e.getMessage(), e);
    }
  }

  static Path temporary() {
    return local(() -> Files.createTempFile("mezzotint-", ".zip"));
  }

  private InputStream open(String key) throws IOException {
    Optional<InputStream> in = store.open(key);
    if (in.isEmpty()) {
      throw new IOException("there is no object " + key + " in the bucket");
    }
    return in.get();
  }

  private byte[] read(InputStream in, String key) {
    try {
      return in.readNBytes(bytesMax + 1);
    } catch (IOException e) {
      throw new StorageException(key + " broke off while it was read", e);
    }
  }

  private static int readSome(InputStream in, byte[] buffer, String key) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw new StorageException(key + " broke off while it was read", e);
    }
  }

  private static IOException tooLarge(String key, long sizeMax) {
    return new IOException("object " + key + " has more than the " + sizeMax + " bytes allowed");
  }

  private static void checkSize(ImageReference.Stored stored, long found) throws IOException {
    OptionalLong said = stored.size();
    if (said.isPresent() && said.getAsLong() != found) {
      throw new IOException(
          "object %s has %d bytes, not the %d that the request says"
              .formatted(stored.key(), found, said.getAsLong()));
    }
  }

  private static void checkDigest(ImageReference.Stored stored, String found) throws IOException {
    if (stored.sha256().isPresent() && !stored.sha256().get().equals(found)) {
      throw new IOException(
          "object %s has SHA-256 %s, not the %s that the request says"
              .formatted(stored.key(), found, stored.sha256().get()));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
