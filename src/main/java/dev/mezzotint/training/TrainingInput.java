package dev.mezzotint.training;

import dev.mezzotint.iadb.Density;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.DatasetReference;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pairs of a training job and what they are read from, until closed.
 *
 * @param state differs as soon as the data set does; empty for densities
 */
record TrainingInput(Pairs pairs, String state, List<AutoCloseable> open) implements AutoCloseable {

  /**
   * Brings the data set if it is not here.
   *
   * @param check asked while it is brought
   * @throws InvalidInputException if the request names none that can be trained on
   */
  static TrainingInput open(
      TrainingRequest request, DataCache cache, Optional<Path> local, DataCache.Check check) {
    Recipe recipe = request.recipe();
    if (recipe.densities().isPresent()) {
      Recipe.Densities words = recipe.densities().get();
      Pairs pairs = Pairs.of(recipe, Density.parse(words.p0()), Density.parse(words.p1()));
      return new TrainingInput(pairs, "", List.of());
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
      TrainingData pictures = read(reference, path, recipe);
      open.add(pictures);
      kept = true;
      return new TrainingInput(pictures.pairs(), state, open);
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

  private static TrainingData read(DatasetReference reference, Path path, Recipe recipe) {
    try {
      TrainingData pictures = TrainingData.open(path, recipe);
      if (pictures.pairs().size() < 2) {
        pictures.close();
        throw new InvalidInputException("", "has one picture: training needs at least two");
      }
      return pictures;
    } catch (InvalidInputException e) {
      // What is said of a path here means the request's data set to its sender.
      String told = String.valueOf(e.getMessage()).replace(path + " ", "").replace(path + "", "it");
      throw new InvalidInputException(
          DataCache.FIELD, DataCache.FIELD + " " + reference.text() + " " + told, e);
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
            .log(System.Logger.Level.DEBUG, "a data set did not close", e);
      }
    }
  }
}
