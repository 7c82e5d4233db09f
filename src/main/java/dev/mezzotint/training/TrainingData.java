package dev.mezzotint.training;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The pairs of a training job and what they are read from, until closed.
 *
 * @param state differs as soon as the data set does; empty for densities
 * @param leftOut files that could not be read
 */
record TrainingData(Pairs pairs, String state, int leftOut, List<AutoCloseable> open)
    implements AutoCloseable {

  /**
   * Brings the data set if it is not here.
   *
   * @param check asked while it is brought
   * @throws InvalidInputException if the request names none that can be trained on
   */
  static TrainingData open(
      TrainingRequest request, DataCache cache, Optional<Path> local, DataCache.Check check) {
    Recipe recipe = request.recipe();
    if (recipe.densities().isPresent()) {
      Recipe.Densities words = recipe.densities().get();
      Pairs pairs = Pairs.of(recipe, Density.parse(words.p0()), Density.parse(words.p1()));
      return new TrainingData(pairs, "", 0, List.of());
    }
    DatasetReference reference = request.data().orElseThrow();
    List<AutoCloseable> open = new ArrayList<>();
    boolean kept = false;
    try {
      Path path;
      String state;
      if (reference instanceof DatasetReference.Local named) {
        path = below(local, named);
        state = reference.text();
      } else {
        DataCache.Lease lease = cache.lease(reference, check);
        open.add(lease);
        path = lease.path();
        state = lease.state();
      }
      TrainingData data = read(recipe, reference, path, state, open);
      kept = true;
      return data;
    } finally {
      if (!kept) {
        close(open);
      }
    }
  }

  private static Path below(Optional<Path> local, DatasetReference.Local named) {
    try {
      if (local.isPresent()) {
        Path root = local.get().toRealPath();
        Path path = root.resolve(named.path()).toRealPath();
        if (path.startsWith(root)) {
          return path;
        }
      }
    } catch (IOException e) {
      // as if it were not there
    }
    throw new InvalidInputException(
        DataCache.FIELD,
        DataCache.FIELD
            + " "
            + named.text()
            + (local.isPresent()
                ? " is not among the data sets on this worker's disk"
                : ": this worker has no data sets on its disk (MEZZOTINT_DATASETS)"));
  }

  private static TrainingData read(
      Recipe recipe,
      DatasetReference reference,
      Path path,
      String state,
      List<AutoCloseable> open) {
    try {
      ImageDataset pictures =
          open(
              path,
              recipe.data().split(),
              recipe,
              Labels.valueOf(recipe.data().labels().toUpperCase(Locale.ROOT)));
      open.add(pictures);
      if (pictures.size() < 2) {
        throw new InvalidInputException("", "has one picture: training needs at least two");
      }
      Pairs pairs;
      if (recipe.data().p0Split().isPresent()) {
        ImageDataset from = open(path, recipe.data().p0Split(), recipe, Labels.NONE);
        open.add(from);
        pairs = Pairs.of(recipe, from, pictures);
      } else {
        pairs = Pairs.of(recipe, pictures);
      }
      return new TrainingData(pairs, state, pictures.broken().size(), open);
    } catch (InvalidInputException e) {
      // What is said of a path here means the request's data set to its sender.
      String told = String.valueOf(e.getMessage()).replace(path + " ", "").replace(path + "", "it");
      throw new InvalidInputException(
          DataCache.FIELD, DataCache.FIELD + " " + reference.text() + " " + told, e);
    } catch (IOException e) {
      throw new TransientException(
          "data set " + reference.text() + " cannot be read here: " + e.getMessage(), e);
    }
  }

  private static ImageDataset open(Path path, Optional<String> split, Recipe recipe, Labels labels)
      throws IOException {
    int size = recipe.data().size();
    DatasetOptions options =
        DatasetOptions.of(size, size)
            .withChannels(recipe.network().outChannels())
            .withLabels(labels);
    return ImageDataset.open(path, split.map(options::withSplit).orElse(options));
  }

  @Override
  public void close() {
    close(open);
  }

  private static void close(List<AutoCloseable> open) {
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        System.getLogger(TrainingData.class.getName())
            .log(System.Logger.Level.DEBUG, "a data set did not close", e);
      }
    }
  }
}
