package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks output paths before the work starts. */
public final class OutputPaths {
  private OutputPaths() {}

  /**
   * Creates the folder if it does not exist.
   *
   * @throws InvalidInputException if it cannot be written to
   */
  public static void folder(String option, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new InvalidInputException(option, option + ": " + folder + " is not a folder", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          option,
          option + ": the folder " + folder + " cannot be created: " + FileErrors.reason(e),
          e);
    }
    refuseIf(!Files.isWritable(folder), option, ": %s cannot be written to", folder);
  }

  /** As {@link #folder}, for a folder that must not contain a model yet. */
  static void modelFolder(String option, Path folder) {
    if (Files.exists(folder.resolve("config.json"))) {
      throw new InvalidInputException(option, option + ": " + folder + " already contains a model");
    }
    folder(option, folder);
  }

  /** Checks a file and creates its folder if it does not exist. */
  public static void file(String option, Path file) {
    refuseIf(Files.isDirectory(file), option, ": %s is a folder, not a file", file);
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new InvalidInputException(option, option + ": " + file + " is not a file name");
    }
    folder(option, folder);
  }
}
