package dev.mezzotint.cli;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Opens the data set that a recipe describes at a path on disk. */
final class Datasets {
  private Datasets() {}

  /** What was found, line by line: the number of pictures, and the files that are none. */
  static List<String> describe(Path path, ImageDataset pictures) {
    List<String> lines = new ArrayList<>();
    lines.add(path + ": " + pictures.size() + " pictures");
    pictures.broken().forEach(name -> lines.add("left out: " + name));
    return lines;
  }

  /** The caller closes it. */
  static ImageDataset open(Path path, Recipe.Data data, int channels) {
    DatasetOptions options =
        DatasetOptions.of(data.size(), data.size())
            .withChannels(channels)
            .withLabels(Labels.valueOf(data.labels().toUpperCase(Locale.ROOT)));
    if (data.split().isPresent()) {
      options = options.withSplit(data.split().get());
    }
    try {
      return ImageDataset.open(path, options);
    } catch (IOException e) {
      throw new InvalidInputException("--data", path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
