package dev.mezzotint.training;

import dev.mezzotint.iadb.Density;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.DatasetReference;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pairs of a training job and the resources that they are read from, which closing releases.
 *
 * @param state changes whenever the data set does; empty for densities
 */
record TrainingInput(Pairs pairs, String state, List<AutoCloseable> open) implements AutoCloseable {

  /**
   * Opens the data set, downloading it first unless it is cached.
   *
   * @param check run between pieces of a download; may throw to abort it
   * @throws InvalidInputException if the data set cannot be trained on
   */
  static TrainingInput open(
      TrainingRequest request, DataCache cache, Optional<Path> local, Runnable check) {
    Recipe recipe = request.recipe();
    if (recipe.densities().isPresent()) {
      Recipe.Densities densities = recipe.densities().get();
      Pairs pairs = Pairs.of(recipe, Density.parse(densities.p0()), Density.parse(densities.p1()));
      return new TrainingInput(pairs, "", List.of());
    }
    DatasetReference reference = request.data().orElseThrow();
    List<AutoCloseable> open = new ArrayList<>();
    boolean opened = false;
    try {
      Path path;
      String state;
      if (reference instanceof DatasetReference.Local named) {
        path = localPath(local, named);
        state = reference.text();
      } else {
        DataCache.Lease lease = cache.lease(reference, check);
        open.add(lease);
        path = lease.path();
        state = lease.state();
      }
      TrainingData data = read(reference, path, recipe);
      open.add(data);
      opened = true;
      return new TrainingInput(data.pairs(), state, open);
    } finally {
      if (!opened) {
        close(open);
      }
    }
  }

  private static Path localPath(Optional<Path> local, DatasetReference.Local named) {
    try {
      if (local.isPresent()) {
        Path root = local.get().toRealPath();
        Path path = root.resolve(named.path()).toRealPath();
        if (path.startsWith(root)) {
          return path;
        }
      }
    } catch (IOException e) {
      // refused below like a path that does not exist
    }
    throw InvalidInputException.of(
        DataCache.FIELD,
        "%s%s",
        named.text(),
        local.isPresent()
            ? " is not among the data sets on this worker's disk"
            : ": this worker has no data sets on its disk (MEZZOTINT_DATASETS)");
  }

  private static TrainingData read(DatasetReference reference, Path path, Recipe recipe) {
    try {
      TrainingData data = TrainingData.open(path, recipe);
      if (data.pairs().size() < 2) {
        data.close();
        throw new InvalidInputException("", "has one image: training needs at least two");
      }
      return data;
    } catch (InvalidInputException e) {
      // The sender does not know the path on this disk: name the request's reference instead.
      String message =
          String.valueOf(e.getMessage()).replace(path + " ", "").replace(path + "", "it");
      throw new InvalidInputException(
          DataCache.FIELD, DataCache.FIELD + " " + reference.text() + " " + message, e);
    }
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
        System.getLogger(TrainingInput.class.getName())
            .log(Level.DEBUG, "cannot close a data set", e);
      }
    }
  }
}
