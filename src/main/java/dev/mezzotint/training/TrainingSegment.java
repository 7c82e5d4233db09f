package dev.mezzotint.training;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.Outcome;
import dev.mezzotint.delivery.TrainedModel;
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
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.training.checkpoint.CheckpointLease;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import dev.mezzotint.training.checkpoint.CheckpointPointer.StoredCheckpoint;
import dev.mezzotint.training.recipe.Recipe;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a training job: its share of the steps, from the checkpoint that counts to one of
 * its own, or to the model.
 *
 * <p>Every step is a function of the recipe, the data set and the step's number, and a checkpoint
 * holds all that steps change; so where a job was cut does not show in its numbers. The model is
 * made from the last checkpoint that the fence let stand: whoever makes it makes the same one.
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
  private final TrainingMetrics figures;
  private final TrainingRequest request;
  private final AttemptContext watch;
  private final Recipe recipe;
  private final String id;
  private final Path folder;

  TrainingSegment(
      ObjectStore store,
      Device device,
      Function<String, ModelFiles> finder,
      StoredModels models,
      TrainingSettings settings,
      TrainingMetrics figures,
      TrainingRequest request,
      AttemptContext watch) {
    this.store = store;
    this.device = device;
    this.finder = finder;
    this.models = models;
    this.settings = settings;
    this.figures = figures;
    this.request = request;
    this.watch = watch;
    this.recipe = request.recipe();
    this.id = request.id().value();
    this.folder = settings.workFolder().resolve(id + "-" + watch.run());
  }

  /**
   * @throws InvalidInputException if it cannot be trained, or has diverged
   * @throws AttemptStoppedException if it is over, another attempt has its turn, or the worker
   *     shuts down
   * @throws TransientException if store or disk fail for long
   */
  Outcome run() throws InterruptedException {
    Optional<CheckpointLease> turn =
        CheckpointLease.acquire(
            store, id, watch, settings.leaseTiming(), settings.worker(), device.description());
    if (turn.isEmpty()) {
      LOG.log(System.Logger.Level.INFO, "{0} is at work elsewhere: {1}", id, watch.position());
      return new Outcome.AlreadyRunning();
    }
    try (CheckpointLease checkpoints = turn.get();
        FolderLock lock = FolderLock.shared(folder)) {
      Files.createDirectories(folder);
      try {
        return train(checkpoints);
      } finally {
        if (!watch.fenced() && !checkpoints.fenced()) {
          checkpoints.release();
        }
        FolderLock.removeTree(folder);
        Files.deleteIfExists(lock.file());
      }
    } catch (IOException | UncheckedIOException e) {
      // This worker's disk: another one may have more room.
      throw new WorkerFaultException(
          "training " + id + " cannot work in " + settings.workFolder() + ": " + e.getMessage(), e);
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

  private Outcome train(CheckpointLease checkpoints) throws InterruptedException, IOException {
    checkpoints.removeStrays();
    try (TrainingInput data =
        watch.withRetry(
            () ->
                TrainingInput.open(
                    request,
                    new DataCache(
                        settings.inputRule().within(store, request.tenant()),
                        settings.cacheFolder(),
                        settings.cacheBytesMax()),
                    settings.datasetFolder(),
                    () -> look(checkpoints)))) {
      ModelFiles from = begin(checkpoints, data);
      restore(checkpoints);
      String origin = checkpoints.pointer().from() + "\n" + checkpoints.pointer().data();
      Training training = new Training(recipe, data.pairs(), from, device, folder);
      SegmentMonitor progress =
          new SegmentMonitor(store, request, settings, figures, watch, checkpoints, log(data));
      long done;
      long begun = System.nanoTime();
      long before = figures.steps();
      try {
        done =
            training.segment(
                progress::stopping, progress, new StoredPairs(store, watch, id, origin));
      } catch (SegmentMonitor.Interrupted e) {
        throw e.cause();
      } finally {
        long steps = figures.steps() - before;
        watch.visit().recordSpan("steps", begun, System.nanoTime(), Map.of("steps", steps));
      }
      if (done == recipe.iterations()) {
        return new Outcome.Completed(publish(checkpoints, data));
      }
      if (watch.ending()) {
        throw new AttemptStoppedException(
            watch.fenced()
                ? AttemptStoppedException.Reason.FENCED
                : AttemptStoppedException.Reason.DRAINING);
      }
      return new Outcome.Unfinished();
    }
  }

  private void look(CheckpointLease checkpoints) {
    if (checkpoints.fenced()) {
      throw new AttemptStoppedException(AttemptStoppedException.Reason.FENCED);
    }
    watch.check();
  }

  /** What the job begins from is fixed by its first segment that keeps anything. */
  private @Nullable ModelFiles begin(CheckpointLease checkpoints, TrainingInput data)
      throws InterruptedException, IOException {
    CheckpointPointer pointer = checkpoints.pointer();
    boolean begun = pointer.last().isPresent();
    if (begun && !pointer.data().equals(data.state())) {
      throw new InvalidInputException(
          DataCache.FIELD,
          DataCache.FIELD + " has changed since the job began: send the request under another id");
    }
    ModelFiles from = null;
    String reference = begun ? pointer.from() : recipe.from().orElse("");
    if (!reference.isEmpty()) {
      from = held(watch.withRetry(() -> finder.apply(reference)));
    }
    if (!begun) {
      checkpoints.pinOrigin(data.state(), from == null ? "" : from.name() + "@" + from.version());
    }
    return from;
  }

  /**
   * The model by a second name of its weights in the job's own folder, where nobody makes room for
   * other models; one that is bundled, maybe on another disk, stays where it is.
   */
  private ModelFiles held(ModelFiles from) throws IOException {
    Path names = Files.createDirectories(folder.resolve("from"));
    Path name = names.resolve(from.weights().getFileName());
    try {
      Files.deleteIfExists(name);
      Files.createLink(name, from.weights());
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(System.Logger.Level.DEBUG, "no second name for " + from.weights(), e);
      return from;
    }
    return new ModelFiles(from.name(), from.version(), from.config(), from.card(), name);
  }

  /** Brings the newest checkpoint that is whole. */
  private void restore(CheckpointLease checkpoints) throws InterruptedException, IOException {
    List<StoredCheckpoint> kept = checkpoints.pointer().checkpoints();
    Path training = Files.createDirectories(folder.resolve("training"));
    for (int i = kept.size() - 1; i >= 0; i--) {
      StoredCheckpoint one = kept.get(i);
      Path file = training.resolve("checkpoint.safetensors");
      Optional<String> fault = watch.withRetry(() -> bring(checkpoints, one, file));
      if (fault.isEmpty()) {
        if (i < kept.size() - 1) {
          checkpoints.fallBackTo(one);
        }
        bringLog(one, training.resolve("log.csv"));
        return;
      }
      LOG.log(System.Logger.Level.ERROR, "checkpoint {0} {1}", one.key(), fault.get());
    }
    if (!kept.isEmpty()) {
      throw new InvalidInputException(
          "id", "no checkpoint of job " + id + " can be read any more: it cannot go on");
    }
  }

  /** What is wrong with the checkpoint; empty if it stands in the file now. */
  private Optional<String> bring(CheckpointLease checkpoints, StoredCheckpoint kept, Path file) {
    Optional<InputStream> content = store.open(kept.key());
    if (content.isEmpty()) {
      return Optional.of("has vanished");
    }
    try (InputStream in = new CancellableStream(content.get(), () -> look(checkpoints))) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new StorageException(kept.key() + " broke off while it was read", e);
    }
    FileDigest found = FileDigest.of(file);
    return found.equals(new FileDigest(kept.bytes(), kept.sha256()))
        ? Optional.empty()
        : Optional.of("has changed: its SHA-256 is not the pointer's");
  }

  private void bringLog(StoredCheckpoint kept, Path file) throws InterruptedException {
    watch.withRetry(
        () -> {
          try (InputStream in =
              store
                  .open(kept.log())
                  .orElseThrow(
                      () -> new InvalidInputException("id", kept.log() + " has vanished"))) {
            return Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
          } catch (IOException e) {
            throw new StorageException(kept.log() + " broke off while it was read", e);
          }
        });
  }

  private TrainingFolder log(TrainingInput data) {
    return new TrainingFolder(folder, recipe, data.pairs());
  }

  /** The model that stands in the folder becomes everybody's. */
  private TrainedModel publish(CheckpointLease checkpoints, TrainingInput data)
      throws InterruptedException, IOException {
    ModelFiles files = ModelFolder.openPath(folder);
    checkpoints.assertHeld();
    watch.withRetry(
        () -> {
          models.publishForJob(id, files, folder);
          return files;
        });
    List<TrainingFolder.LogLine> log = log(data).readLog();
    keepFirst(Keys.lossCurve(id), folder.resolve("loss.png"), ContentType.PNG);
    keepFirst(Keys.lossLog(id), log(data).log(), "text/csv");
    List<String> samples = watch.withRetry(() -> store.list(Keys.samples(id)));
    checkpoints.assertHeld();
    watch.withRetry(
        () -> {
          if (store.stat(Keys.manifest(id)).isEmpty()) { // or it ended otherwise meanwhile
            models.makeLatest(files.name(), files.version());
          }
          return files;
        });
    List<String> milestones = new ArrayList<>();
    for (StoredCheckpoint kept : checkpoints.pointer().checkpoints()) {
      if (request.keepEvery() > 0 && kept.iteration() % request.keepEvery() == 0) {
        milestones.add(kept.key());
      }
    }
    return new TrainedModel(
        files.name() + "@" + files.version(),
        FileDigest.of(files.weights()).sha256(),
        recipe.iterations(),
        LossChart.lastMean(log, 100),
        Keys.lossLog(id),
        Keys.lossCurve(id),
        samples,
        milestones,
        data.pairs().brokenFiles().size());
  }

  private void keepFirst(String key, Path file, String type)
      throws InterruptedException, IOException {
    byte[] bytes = Files.readAllBytes(file);
    watch.withRetry(() -> FirstWrite.standing(store, key, bytes, type));
  }
}
