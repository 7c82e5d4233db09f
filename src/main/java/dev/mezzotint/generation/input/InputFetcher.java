package dev.mezzotint.generation.input;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.storage.Download;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.ObjectReader;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Reads the files that a request references and checks their size and checksum. Methods throw
 * {@link IOException} with one sentence where a file is not what the request says, and {@link
 * StorageException} where the store is unavailable. Safe for use by many threads.
 *
 * @param bytesMax size of one image file
 */
public record InputFetcher(ObjectReader store, int bytesMax) {
  byte[] bytes(ImageReference reference) throws IOException {
    if (reference instanceof ImageReference.Inline inline) {
      return inline.bytes();
    }
    ImageReference.Stored stored = (ImageReference.Stored) reference;
    byte[] bytes = read(stored.key());
    if (bytes.length > bytesMax) {
      throw tooLarge(stored.key(), bytesMax);
    }
    checkSize(stored, bytes.length);
    checkDigest(stored, () -> Sha256.sha256(bytes));
    return bytes;
  }

  /**
   * Writes a large object into an existing file.
   *
   * @throws TransientException also if this machine has no room for it
   */
  void download(ImageReference.Stored stored, Path file, long sizeMax) throws IOException {
    String key = stored.key();
    FileDigest found =
        answered(() -> local(() -> Download.toFile(store, key, file, sizeMax, () -> {})))
            .orElseThrow(() -> absent(key));
    if (found.bytes() > sizeMax) {
      throw tooLarge(key, sizeMax);
    }
    checkSize(stored, found.bytes());
    checkDigest(stored, found::sha256);
  }

  private byte[] read(String key) throws IOException {
    InputStream content = answered(() -> store.open(key)).orElseThrow(() -> absent(key));
    try (content) {
      return content.readNBytes(bytesMax + 1);
    } catch (IOException e) {
      throw new StorageException("connection lost while reading " + key, e);
    }
  }

  private static IOException absent(String key) {
    return new IOException("there is no object " + key + " in the bucket");
  }

  List<String> list(String prefix) throws IOException {
    return answered(() -> store.list(prefix));
  }

  /** Why an input is refused: a sentence about the object that it is, if it is one. */
  static String reason(ImageReference reference, Exception e) {
    String reason = FileErrors.reason(e);
    return reference instanceof ImageReference.Stored stored && !reason.contains(stored.key())
        ? "object " + stored.key() + " " + reason
        : reason;
  }

  /** A key that the store refuses is a fault of the request that names it. */
  private static <T> T answered(Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (RefusedKeyException e) {
      throw new IOException(e.answer(), e);
    }
  }

  private interface Io<T> {
    T call() throws IOException;
  }

  /** A full disk is a fault of this machine, not of the request. */
  private static <T> T local(Io<T> work) {
    try {
      return work.call();
    } catch (IOException | UncheckedIOException e) {
      throw new TransientException(
          "a job's input cannot be stored here: " + FileErrors.describe(e), e);
    }
  }

  static Path temporary() {
    return local(() -> Files.createTempFile("mezzotint-", ".zip"));
  }

  private static IOException tooLarge(String key, long sizeMax) {
    return new IOException("object " + key + " has more than the " + sizeMax + " bytes allowed");
  }

  private static void checkSize(ImageReference.Stored stored, long found) throws IOException {
    OptionalLong declared = stored.size();
    if (declared.isPresent() && declared.getAsLong() != found) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "object %s has %d bytes, not the %d that the request says",
              stored.key(),
              found,
              declared.getAsLong()));
    }
  }

  private static void checkDigest(ImageReference.Stored stored, Supplier<String> digest)
      throws IOException {
    if (stored.sha256().isPresent() && !stored.sha256().get().equals(digest.get())) {
      throw new IOException(
          "object %s has SHA-256 %s, not the %s that the request says"
              .formatted(stored.key(), digest.get(), stored.sha256().get()));
    }
  }
}
