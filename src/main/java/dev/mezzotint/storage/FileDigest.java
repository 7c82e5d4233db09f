package dev.mezzotint.storage;

import dev.mezzotint.files.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;

/**
 * Size and SHA-256 of a file, which may be larger than the heap.
 *
 * @param sha256 64 hexadecimal digits in lower case
 */
public record FileDigest(long bytes, String sha256) {

  public static FileDigest of(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      DigestInputStream digesting = new DigestInputStream(in, Sha256.digest());
      long bytes = digesting.transferTo(OutputStream.nullOutputStream());
      return new FileDigest(bytes, Sha256.hex(digesting.getMessageDigest()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + FileErrors.reason(e), e);
    }
  }
}
