package dev.mezzotint.training;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.DatasetSpec;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * The images that a recipe needs, opened from a folder or zip: those to train on, those of p0, and
 * those of the validation split for sample grids. Closed by the caller after the training. Used by
 * one thread; its pairs by many.
 */
public final class TrainingData implements AutoCloseable {
  private static final List<String> VALIDATION = List.of("val", "test");

  private final List<ImageDataset> open = new ArrayList<>();
  private final List<String> summary = new ArrayList<>();
  private final OptionalLong cacheBytesMax;
  private Optional<Pairs> pairs = Optional.empty();

  private TrainingData(OptionalLong cacheBytesMax) {
    this.cacheBytesMax = cacheBytesMax;
  }

  /** {@link #open(Path, Recipe, OptionalLong)} with the default memory. */
  public static TrainingData open(Path path, Recipe recipe) {
    return open(path, recipe, OptionalLong.empty());
  }

  /**
   * @param path folder or zip
   * @param cacheBytesMax decoded bytes to cache in memory
   * @throws InvalidInputException if it cannot be read as the recipe says
   */
  public static TrainingData open(Path path, Recipe recipe, OptionalLong cacheBytesMax) {
    TrainingData all = new TrainingData(cacheBytesMax);
    try {
      all.pairs = Optional.of(all.read(path, recipe));
      return all;
    } catch (IOException e) {
      all.close();
      throw new InvalidInputException("data", path + " cannot be read: " + FileErrors.reason(e), e);
    } catch (RuntimeException e) {
      all.close();
      throw e;
    }
  }

  private Pairs read(Path path, Recipe recipe) throws IOException {
    DatasetSpec data = recipe.data();
    DatasetOptions options = data.options(recipe.network().outChannels());
    if (cacheBytesMax.isPresent()) {
      options = options.withCacheBytesMax(cacheBytesMax.getAsLong());
    }
    ImageDataset images = openSet(path, options);
    describe(path, images);
    if (data.p0Split().isPresent()) {
      ImageDataset from =
          openSet(
              path,
              options
                  .withLabels(DatasetOptions.Labels.NONE)
                  .withSplit(data.p0Split().orElseThrow()));
      return Pairs.of(recipe, from, images);
    }
    if (data.pairing().isPresent()) {
      for (String split : VALIDATION) {
        if (!data.split().equals(Optional.of(split))
            && ImageDataset.hasSplit(path, split, options)) {
          // Few of them are shown, and seldom: not worth caching.
          ImageDataset shown = openSet(path, options.withSplit(split).withCacheBytesMax(0));
          summary.add(split + ": " + shown.size() + " pairs for sample grids, not trained on");
          return Pairs.conditional(recipe, images, shown);
        }
      }
    }
    return Pairs.of(recipe, images);
  }

  private ImageDataset openSet(Path path, DatasetOptions options) throws IOException {
    ImageDataset set = ImageDataset.open(path, options);
    open.add(set);
    return set;
  }

  private void describe(Path path, ImageDataset set) {
    String conditions =
        set.conditions().stream()
            .map(c -> c.name() + " of " + c.channels() + " channels")
            .collect(Collectors.joining(", "));
    summary.add(
        String.format(
            Locale.ROOT,
            "%s: %d images%s%s",
            path,
            set.size(),
            conditions.isEmpty() ? "" : ", each with " + conditions,
            set.classes().isEmpty() ? "" : ", " + set.classes().size() + " classes"));
    set.brokenFiles().forEach(name -> summary.add("left out: " + name));
  }

  public Pairs pairs() {
    return pairs.orElseThrow();
  }

  /** Lines for the user: images, conditions, classes, and each file left out. */
  public List<String> summary() {
    return List.copyOf(summary);
  }

  @Override
  public void close() {
    for (ImageDataset set : open) {
      try {
        set.close();
      } catch (IOException e) {
        // ignored: it was only read
      }
    }
  }
}
