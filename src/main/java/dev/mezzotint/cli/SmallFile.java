package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads small files named on the command line. */
public final class SmallFile {
  private static final long BYTES_MAX = 16 << 20;

  private SmallFile() {}

  public static byte[] read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new InvalidInputException(file.toString(), file + " is not a file");
      }
      if (Files.size(file) > BYTES_MAX) {
        throw new InvalidInputException(
            file.toString(), file + " is larger than " + (BYTES_MAX >> 20) + " MiB");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new InvalidInputException(
          file.toString(), file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
