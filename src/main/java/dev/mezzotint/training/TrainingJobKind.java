package dev.mezzotint.training;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.JobKind;
import dev.mezzotint.delivery.Manifest;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.RequestReader;
import dev.mezzotint.files.FileErrors;
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
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The training job: a chain of {@link TrainingSegment}s that ends with a model in the store. Safe
 * for use by many threads.
 */
public final class TrainingJobKind implements JobKind<TrainingRequest> {
  private static final System.Logger LOG = System.getLogger(TrainingJobKind.class.getName());

  /** Between progress events of a job. */
  private static final long PROGRESS_NANOS = 2_000_000_000L;

  private final ObjectStore store;
  private final Supplier<Device> device;
  private final Function<String, ModelFiles> finder;
  private final StoredModels models;
  private final TrainingSettings settings;
  private final TrainingMetrics metrics = new TrainingMetrics();

  /**
   * @param device asked for when a training begins
   * @param finder finds a model's files by its reference, or throws {@link InvalidInputException}
   * @param models receives the trained models
   */
  public TrainingJobKind(
      ObjectStore store,
      Supplier<Device> device,
      Function<String, ModelFiles> finder,
      StoredModels models,
      TrainingSettings settings) {
    this.store = store;
    this.device = device;
    this.finder = finder;
    this.models = models;
    this.settings = settings;
    removeAbandonedFolders();
  }

  /** Keys of the objects that a job's checkpoint pointer refers to; clean-up keeps them. */
  public static Set<String> checkpointKeys(byte[] pointer) {
    return CheckpointPointer.referencedKeys(pointer);
  }

  public TrainingMetrics metrics() {
    return metrics;
  }

  private void removeAbandonedFolders() {
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
      LOG.log(
          Level.WARNING, "cannot remove folders of crashed trainings: {0}", FileErrors.describe(e));
    }
  }

  @Override
  public RequestReader<TrainingRequest> requestReader() {
    return TrainingRequest.reader(settings.limits());
  }

  @Override
  public ExecutionPlan plan(
      TrainingRequest request, Optional<String> model, Optional<String> engine) {
    check(request);
    request.data().ifPresent(data -> checkInputRule(data, request.tenant()));
    String produced =
        request.recipe().name() + request.recipe().card().version().map(v -> "@" + v).orElse("");
    request.recipe().from().ifPresent(this::findModel);
    return new ExecutionPlan() {
      @Override
      public String model() {
        return model.orElse(produced);
      }

      @Override
      public Outcome run(AttemptContext attempt) throws InterruptedException {
        try {
          return new TrainingSegment(
                  store,
                  device.get(),
                  TrainingJobKind.this::findModel,
                  models,
                  settings,
                  metrics,
                  request,
                  attempt)
              .run();
        } finally {
          metrics.idle();
        }
      }

      @Override
      public long progressIntervalNanos() {
        return PROGRESS_NANOS;
      }

      @Override
      public void cleanUp(Manifest manifest) {
        new OrphanCleaner(store, CheckpointPointer::referencedKeys).clean(request.id().value());
      }
    };
  }

  private ModelFiles findModel(String reference) {
    try {
      return finder.apply(reference);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("from", "from: " + e.getMessage(), e);
    }
  }

  /** Data sets on a worker's disk are chosen by its operator, not by tenants. */
  private void checkInputRule(DatasetReference data, String tenant) {
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
    long values =
        weights.values().stream()
            .mapToLong(shape -> LongStream.of(shape).reduce(1, (a, b) -> a * b))
            .sum();
    if (values > settings.limits().weightsMax()) {
      throw InvalidInputException.of(
          "network",
          "has %s weights, more than the %s allowed",
          values,
          settings.limits().weightsMax());
    }
  }
}
