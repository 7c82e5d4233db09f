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
import java.util.Optional;

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
    Labels labels = Labels.valueOf(data.labels().toUpperCase(Locale.ROOT));
    return open(path, data.split(), data.size(), channels, labels);
  }

  /** The pictures that a recipe has as x0; the caller closes it. */
  static ImageDataset openP0(Path path, Recipe.Data data, int channels) {
    return open(path, data.p0Split(), data.size(), channels, Labels.NONE);
  }

  private static ImageDataset open(
      Path path, Optional<String> split, int size, int channels, Labels labels) {
    DatasetOptions options =
        DatasetOptions.of(size, size).withChannels(channels).withLabels(labels);
    if (split.isPresent()) {
      options = options.withSplit(split.get());
    }
    try {
      return ImageDataset.open(path, options);
    } catch (IOException e) {
      throw new InvalidInputException("--data", path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
