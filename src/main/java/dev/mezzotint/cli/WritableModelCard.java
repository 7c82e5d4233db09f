package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the card of a model that a command writes to. */
final class WritableModelCard {
  private WritableModelCard() {}

  /**
   * @return the model's folder
   * @throws InvalidInputException if it is not a local folder with a writable card
   */
  static Path of(ModelFiles files) {
    Path folder = files.weights().toAbsolutePath().getParent();
    if (folder == null || !Files.isWritable(folder.resolve(ModelCard.FILE))) {
      throw new InvalidInputException(
          "--model",
          "--model "
              + files.name()
              + " has no writable card: import the model first and name its folder");
    }
    return folder;
  }
}
