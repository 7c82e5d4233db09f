package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.TrainedModel;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WorkerFaultException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Download;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.training.checkpoint.CheckpointLease;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import dev.mezzotint.training.checkpoint.CheckpointPointer.StoredCheckpoint;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a training job: runs its share of the steps, from the current checkpoint to
 * another one or to the model.
 *
 * <p>Every step is a function of the recipe, the data set and the step's number, and a checkpoint
 * holds all that steps change, so the results do not depend on where a job was interrupted. The
 * model is made from the last checkpoint that the fence admitted: every attempt would make the
 * same.
 *
 * <p>{@link #run} is called once.
 */
final class TrainingSegment {
  private static final System.Logger LOG = System.getLogger(TrainingSegment.class.getName());

  private final ObjectStore store;
  private final Device device;
  private final Function<String, ModelFiles> finder;
  private final StoredModels models;
  private final TrainingSettings settings;
  private final TrainingMetrics metrics;
  private final TrainingRequest request;
  private final AttemptContext attempt;
  private final Recipe recipe;
  private final String id;
  private final Path folder;

  TrainingSegment(
      ObjectStore store,
      Device device,
      Function<String, ModelFiles> finder,
      StoredModels models,
      TrainingSettings settings,
      TrainingMetrics metrics,
      TrainingRequest request,
      AttemptContext attempt) {
    this.store = store;
    this.device = device;
    this.finder = finder;
    this.models = models;
    this.settings = settings;
    this.metrics = metrics;
    this.request = request;
    this.attempt = attempt;
    this.recipe = request.recipe();
    this.id = request.id().value();
    this.folder = settings.workFolder().resolve(id + "-" + attempt.run());
  }

  /**
   * @throws InvalidInputException if the job cannot be trained, or has diverged
   * @throws AttemptStoppedException if the job has ended, another attempt holds its lease, or the
   *     worker shuts down
   * @throws TransientException if the store stays unavailable
   */
  Outcome run() throws InterruptedException {
    Optional<CheckpointLease> acquired =
        CheckpointLease.acquire(
            store, id, attempt, settings.leaseTiming(), settings.worker(), device.description());
    if (acquired.isEmpty()) {
      LOG.log(
          Level.INFO,
          "{0} is already running on another worker; ignoring its record {1}",
          id,
          attempt.position());
      return new Outcome.AlreadyRunning();
    }
    try (CheckpointLease lease = acquired.get();
        FolderLock lock = FolderLock.shared(folder)) {
      Files.createDirectories(folder);
      try {
        return train(lease);
      } finally {
        if (!attempt.fenced() && !lease.fenced()) {
          lease.release();
        }
        FolderLock.removeTree(folder);
        Files.deleteIfExists(lock.file());
      }
    } catch (IOException | UncheckedIOException e) {
      // A fault of this worker's disk: another worker may have more room.
      throw new WorkerFaultException(
          "training "
              + id
              + " cannot work in "
              + settings.workFolder()
              + ": "
              + FileErrors.describe(e),
          e);
    } catch (DeviceMemoryException e) {
      throw new WorkerFaultException(
          "training "
              + id
              + " needs more memory than "
              + settings.worker()
              + " has; a smaller microBatch or batchSize takes less: "
              + e.getMessage(),
          e);
    } catch (DivergedException e) {
      throw new InvalidInputException("", String.valueOf(e.getMessage()), e);
    }
  }

  private Outcome train(CheckpointLease lease) throws InterruptedException, IOException {
    lease.removeStrays();
    try (TrainingInput data =
        attempt.withRetry(
            () ->
                TrainingInput.open(
                    request,
                    new DataCache(
                        settings.inputRule().restrict(store, request.tenant()),
                        settings.cacheFolder(),
                        settings.cacheBytesMax()),
                    settings.datasetFolder(),
                    () -> check(lease)))) {
      ModelFiles from = initialModel(lease, data);
      restore(lease);
      String origin = lease.pointer().from() + "\n" + lease.pointer().data();
      Training training = new Training(recipe, data.pairs(), from, device, folder);
      SegmentMonitor monitor =
          new SegmentMonitor(store, request, settings, metrics, attempt, lease, folder(data));
      long done;
      long start = System.nanoTime();
      long before = metrics.steps();
      try {
        done =
            training.runSegment(
                monitor::stopping, monitor, new StoredPairs(store, attempt, id, origin));
      } finally {
        long steps = metrics.steps() - before;
        attempt.observer().recordSpan("steps", start, System.nanoTime(), Map.of("steps", steps));
      }
      if (done == recipe.iterations()) {
        return new Outcome.Completed(publish(lease, data));
      }
      if (attempt.stopping()) {
        throw new AttemptStoppedException(
            attempt.fenced()
                ? AttemptStoppedException.Reason.FENCED
                : AttemptStoppedException.Reason.DRAINING);
      }
      return new Outcome.Unfinished();
    }
  }

  private void check(CheckpointLease lease) {
    lease.check();
    attempt.check();
  }

  /** The model to start from. The first segment that publishes a checkpoint fixes its version. */
  private @Nullable ModelFiles initialModel(CheckpointLease lease, TrainingInput data)
      throws InterruptedException, IOException {
    CheckpointPointer pointer = lease.pointer();
    boolean started = pointer.last().isPresent();
    if (started && !pointer.data().equals(data.state())) {
      throw InvalidInputException.of(
          DataCache.FIELD, "has changed since the job started: send the request with another id");
    }
    ModelFiles from = null;
    String reference = started ? pointer.from() : recipe.from().orElse("");
    if (!reference.isEmpty()) {
      from = attempt.withRetry(() -> linked(finder.apply(reference)));
    }
    if (!started) {
      lease.pinOrigin(data.state(), from == null ? "" : from.name() + "@" + from.version());
    }
    return from;
  }

  /**
   * Links the model's weights into the job's own folder, where the model cache cannot evict them. A
   * bundled model on another file system is used in place.
   *
   * @throws TransientException if the cache has evicted it already
   */
  private ModelFiles linked(ModelFiles from) {
    Path names = folder.resolve("from");
    Path link = names.resolve(from.weights().getFileName());
    try {
      Files.createDirectories(names);
      Files.deleteIfExists(link);
      Files.createLink(link, from.weights());
    } catch (NoSuchFileException e) {
      throw new TransientException("model " + from.name() + " was evicted before its use", e);
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(Level.DEBUG, "cannot link " + from.weights(), e);
      return from;
    }
    return new ModelFiles(from.name(), from.version(), from.config(), from.card(), link);
  }

  /** Downloads the newest intact checkpoint and its log. */
  private void restore(CheckpointLease lease) throws InterruptedException, IOException {
    List<StoredCheckpoint> checkpoints = lease.pointer().checkpoints();
    Path training = Files.createDirectories(folder.resolve("training"));
    for (int i = checkpoints.size() - 1; i >= 0; i--) {
      StoredCheckpoint checkpoint = checkpoints.get(i);
      Path file = training.resolve("checkpoint.safetensors");
      Optional<FileDigest> found = download(checkpoint.key(), file, checkpoint.bytes(), lease);
      if (found.equals(Optional.of(new FileDigest(checkpoint.bytes(), checkpoint.sha256())))) {
        if (i < checkpoints.size() - 1) {
          lease.fallBackTo(checkpoint);
        }
        if (download(checkpoint.log(), training.resolve("log.csv"), Long.MAX_VALUE, lease)
            .isEmpty()) {
          throw new InvalidInputException("id", checkpoint.log() + " has vanished");
        }
        return;
      }
      LOG.log(
          Level.ERROR,
          "checkpoint {0} {1}",
          checkpoint.key(),
          found.isEmpty() ? "has vanished" : "is damaged: its SHA-256 differs from the pointer's");
    }
    if (!checkpoints.isEmpty()) {
      throw new InvalidInputException(
          "id", "no checkpoint of job " + id + " is readable: the job cannot continue");
    }
  }

  private Optional<FileDigest> download(String key, Path file, long bytesMax, CheckpointLease lease)
      throws InterruptedException {
    return attempt.withRetry(
        () -> {
          try {
            return Download.toFile(store, key, file, bytesMax, () -> check(lease));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private TrainingFolder folder(TrainingInput data) {
    return new TrainingFolder(folder, recipe, data.pairs());
  }

  /** Publishes the model in the folder. */
  private TrainedModel publish(CheckpointLease lease, TrainingInput data)
      throws InterruptedException, IOException {
    ModelFiles files = ModelFolder.openPath(folder);
    lease.assertHeld();
    attempt.withRetry(() -> models.publishForJob(id, files, folder));
    List<TrainingFolder.LogLine> log = folder(data).readLog();
    storeFirst(Keys.lossCurve(id), folder.resolve("loss.png"), ContentType.PNG);
    storeFirst(Keys.lossLog(id), folder(data).log(), "text/csv");
    List<String> samples = attempt.withRetry(() -> store.list(Keys.samples(id)));
    lease.assertHeld();
    attempt.withRetry(
        () -> {
          if (store.stat(Keys.manifest(id)).isEmpty()) { // else the job has ended otherwise
            models.makeLatest(files.name(), files.version());
          }
        });
    List<String> milestones = new ArrayList<>();
    for (StoredCheckpoint checkpoint : lease.pointer().checkpoints()) {
      if (request.keepEvery() > 0 && checkpoint.iteration() % request.keepEvery() == 0) {
        milestones.add(checkpoint.key());
      }
    }
    return new TrainedModel(
        files.name() + "@" + files.version(),
        FileDigest.of(files.weights()).sha256(),
        recipe.iterations(),
        TrainingFolder.lastLoss(log),
        Keys.lossLog(id),
        Keys.lossCurve(id),
        samples,
        milestones,
        data.pairs().brokenFiles().size());
  }

  private void storeFirst(String key, Path file, String type)
      throws InterruptedException, IOException {
    byte[] bytes = Files.readAllBytes(file);
    attempt.withRetry(() -> FirstWrite.createOrRead(store, key, bytes, type));
  }
}
