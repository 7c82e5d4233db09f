package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the card of a model stands that a command is to write on. */
final class WritableModelCard {
  private WritableModelCard() {}

  /**
   * @throws InvalidInputException if the model lies in no folder of this disk with a card
   */
  static Path of(ModelFiles files) {
    Path folder = files.weights().toAbsolutePath().getParent();
    if (folder == null || !Files.isWritable(folder.resolve(ModelCard.FILE))) {
      throw new InvalidInputException(
          "--model",
          "--model "
              + files.name()
              + " has no card that can be written: import it first, and name the folder");
    }
    return folder;
  }
}
