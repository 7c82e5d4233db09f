package dev.mezzotint.cli;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Opens the data set that a recipe describes at a path on disk. */
final class Datasets {
  private Datasets() {}

  /** The caller closes it. Files that cannot be decoded are named on standard error. */
  static ImageDataset open(Path path, Recipe.Data data, int channels) {
    DatasetOptions options =
        DatasetOptions.of(data.size(), data.size())
            .withChannels(channels)
            .withLabels(Labels.valueOf(data.labels().toUpperCase(Locale.ROOT)));
    if (data.split().isPresent()) {
      options = options.withSplit(data.split().get());
    }
    try {
      ImageDataset pictures = ImageDataset.open(path, options);
      System.err.println(path + ": " + pictures.size() + " pictures");
      pictures.broken().forEach(name -> System.err.println("left out: " + name));
      return pictures;
    } catch (IOException e) {
      throw new InvalidInputException("--data", path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
