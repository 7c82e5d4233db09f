package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a command is to write; looked at before the work, not after it. Without state. */
public final class OutputPaths {
  private OutputPaths() {}

  /**
   * Makes the folder if it is not there.
   *
   * @throws InvalidInputException if nothing can be written into it
   */
  public static void folder(String option, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new InvalidInputException(option, option + ": " + folder + " is not a folder", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          option, option + ": the folder " + folder + " cannot be made: " + e.getMessage(), e);
    }
    if (!Files.isWritable(folder)) {
      throw new InvalidInputException(option, option + ": " + folder + " cannot be written to");
    }
  }

  /** As {@link #folder} for a folder that must not yet hold a model. */
  static void modelFolder(String option, Path folder) {
    if (Files.exists(folder.resolve("config.json"))) {
      throw new InvalidInputException(option, option + ": a model stands in " + folder);
    }
    folder(option, folder);
  }

  /** A file in a folder, which is made if it is not there. */
  public static void file(String option, Path file) {
    if (Files.isDirectory(file)) {
      throw new InvalidInputException(option, option + ": " + file + " is a folder, not a file");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new InvalidInputException(option, option + ": " + file + " is no file name");
    }
    folder(option, folder);
  }
}
