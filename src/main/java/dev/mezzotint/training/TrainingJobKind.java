package dev.mezzotint.training;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.JobKind;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import dev.mezzotint.training.recipe.DatasetReference;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Training as a kind of job: a chain of {@link TrainingSegment}s, at whose end a model stands in
 * the store. Safe for use by many threads.
 */
public final class TrainingJobKind implements JobKind<TrainingRequest> {
  private static final System.Logger LOG = System.getLogger(TrainingJobKind.class.getName());

  /** What events of progress are apart: watching a training is no film. */
  private static final long PROGRESS_NANOS = 2_000_000_000L;

  private final ObjectStore store;
  private final Device device;
  private final Function<String, ModelFiles> finder;
  private final StoredModels models;
  private final TrainingSettings settings;
  private final TrainingMetrics metrics = new TrainingMetrics();

  /**
   * @param finder from a model's reference to its files; throws {@link InvalidInputException} if
   *     there are none
   * @param models where results go
   */
  public TrainingJobKind(
      ObjectStore store,
      Device device,
      Function<String, ModelFiles> finder,
      StoredModels models,
      TrainingSettings settings) {
    this.store = store;
    this.device = device;
    this.finder = finder;
    this.models = models;
    this.settings = settings;
    removeWhatDiedHere();
  }

  /** Keys of the objects that a job's checkpoint pointer names, for the sweep. */
  public static Set<String> checkpointKeys(byte[] pointer) {
    return CheckpointPointer.referencedKeys(pointer);
  }

  public TrainingMetrics metrics() {
    return metrics;
  }

  private void removeWhatDiedHere() {
    if (!Files.isDirectory(settings.workFolder())) {
      return;
    }
    try (Stream<Path> left = Files.list(settings.workFolder())) {
      for (Path folder : (Iterable<Path>) left.filter(Files::isDirectory)::iterator) {
        if (FolderLock.removeIfUnused(folder)) {
          Files.deleteIfExists(FolderLock.fileOf(folder));
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "what died here cannot be removed: {0}", e.getMessage());
    }
  }

  @Override
  public RequestReader<TrainingRequest> requests() {
    return TrainingRequest.reader(settings.limits());
  }

  @Override
  public ExecutionPlan plan(TrainingRequest request, Optional<String> model) {
    check(request);
    request.data().ifPresent(data -> checkNamed(data, request.tenant()));
    String produced =
        request.recipe().name() + request.recipe().card().version().map(v -> "@" + v).orElse("");
    request.recipe().from().ifPresent(this::from);
    return new ExecutionPlan() {
      @Override
      public String model() {
        return model.orElse(produced);
      }

      @Override
      public Outcome run(AttemptContext watch) throws InterruptedException {
        try {
          return new TrainingSegment(
                  store,
                  device,
                  TrainingJobKind.this::from,
                  models,
                  settings,
                  metrics,
                  request,
                  watch)
              .run();
        } finally {
          metrics.idle();
        }
      }

      @Override
      public long progressNanos() {
        return PROGRESS_NANOS;
      }

      @Override
      public void ended(Manifest manifest) {
        new OrphanCleaner(store, CheckpointPointer::referencedKeys).clean(request.id().value());
      }
    };
  }

  private ModelFiles from(String reference) {
    try {
      return finder.apply(reference);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("from", "from: " + e.getMessage(), e);
    }
  }

  /** What lies on a worker's disk is its operator's to choose, and no tenant's. */
  private void checkNamed(DatasetReference data, String tenant) {
    if (!(data instanceof DatasetReference.Local)) {
      settings.inputRule().check(tenant, DataCache.FIELD, data.text());
    }
  }

  private void check(TrainingRequest request) {
    Recipe recipe = request.recipe();
    Map<String, long[]> weights =
        NetworkProgram.of(
                recipe.network(),
                new Parameterization(recipe.prediction(), recipe.timestepScale(), Optional.empty()),
                recipe.optimizer().step())
            .weights();
    long values = weights.values().stream().mapToLong(TrainingJobKind::values).sum();
    if (values > settings.limits().weightsMax()) {
      throw new InvalidInputException(
          "network",
          "network has "
              + values
              + " weights, more than the "
              + settings.limits().weightsMax()
              + " allowed");
    }
  }

  private static long values(long[] shape) {
    long values = 1;
    for (long side : shape) {
      values *= side;
    }
    return values;
  }
}
