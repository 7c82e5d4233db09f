package dev.mezzotint.generation;

import dev.mezzotint.delivery.AttemptContext;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.input.InputLoader;
import dev.mezzotint.generation.request.FrameRequest;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.Trajectory;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.FirstWrite;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to sample the images of a job. Rows are submitted in portions, finish on the device's
 * thread, and are encoded and stored by a pool as soon as each is finished. Images that an earlier
 * attempt has stored are kept as they are.
 *
 * <p>{@link #run} is called once, by the delivery's thread.
 */
final class SamplingRun implements Sampler.RowListener {
  /** Rows of one job between submission and their object in the store: bounds memory. */
  static final int IN_FLIGHT_MAX = 512;

  private static final int PORTION = 256;

  /** Rows whose inputs are loaded first: small, so that sampling overlaps with loading. */
  private static final int PORTION_WITH_INPUTS = 16;

  /** Canvases of one job between submission and their object in the store. */
  private static final int CANVASES_IN_FLIGHT = 2;

  /** Memory for rows with conditions of their own, before and after sampling. */
  private static final long IN_FLIGHT_BYTES_MAX = 256L << 20;

  private static final long POLL_MILLIS = 20;

  /** Time between progress events without new frames. */
  private static final long PROGRESS_NANOS = 500_000_000;

  private final ObjectStore store;
  private final Executor pool;
  private final RetryPolicy retryPolicy;
  private final Plan plan;
  private final InputLoader inputs;
  private final DerivedArtifacts artifacts;
  private final AttemptContext attempt;
  private final JobProgress progress;
  private final Map<Integer, Trajectory> trajectories = new ConcurrentHashMap<>(); // by running row
  private final LongAdder encodeNanos = new LongAdder();
  private final LongAdder storeNanos = new LongAdder();
  private Set<String> storedKeys = Set.of();
  private long lastProgress = System.nanoTime();
  private volatile long firstFinished;
  private volatile long lastFinished;

  // Both guarded by progress.
  private boolean over;
  private @Nullable Throwable failure;

  /**
   * @param pool encodes and stores images; its threads block on the store
   * @param inputs loads what rows start from
   * @param artifacts gets the stored files
   */
  SamplingRun(
      ObjectStore store,
      Executor pool,
      RetryPolicy retryPolicy,
      Plan plan,
      InputLoader inputs,
      DerivedArtifacts artifacts,
      AttemptContext attempt) {
    this.store = store;
    this.pool = attempt.observer().wrap(pool);
    this.retryPolicy = retryPolicy;
    this.plan = plan;
    this.inputs = inputs;
    this.artifacts = artifacts;
    this.attempt = attempt;
    this.progress = new JobProgress(plan);
  }

  /** Rows that were submitted together. */
  private record Portion(int from, int to, Sampler.Running running) {}

  /**
   * Returns once all images are stored, except those of frames that failed.
   *
   * @throws AttemptStoppedException if the attempt is to end
   * @throws RuntimeException the failure of the device or the store
   */
  List<GeneratedImages.Image> run(Sampler sampler) throws InterruptedException {
    if (attempt.attempt() > 1) {
      String images = Keys.images(plan.request().id().value());
      storedKeys = attempt.withRetry(() -> new HashSet<>(store.list(images)));
    }
    JobListener.Period steps = attempt.observer().samplingStarted(progress::done);
    try {
      return runPortions(sampler);
    } finally {
      recordSpans(steps);
    }
  }

  Map<Integer, String> failedFrames() {
    return progress.failed();
  }

  /** The steps end with the last row, or now if some rows are still running. */
  private void recordSpans(JobListener.Period steps) {
    long now = System.nanoTime();
    steps.end(
        progress.complete() && lastFinished != 0 ? lastFinished : now,
        Map.of("evaluations", progress.done()));
    if (firstFinished != 0) {
      Map<String, Long> counts =
          Map.of(
              "pictures",
              (long) progress.stored(),
              "encode_micros",
              encodeNanos.sum() / 1000,
              "store_micros",
              storeNanos.sum() / 1000);
      attempt.observer().recordSpan("pictures", firstFinished, now, counts);
    }
  }

  private List<GeneratedImages.Image> runPortions(Sampler sampler) throws InterruptedException {
    Deque<Portion> running = new ArrayDeque<>();
    int submitted = 0;
    try {
      while (true) {
        while (!running.isEmpty() && isSettled(running.element())) {
          running.remove(); // releases the inputs of its rows
        }
        int next = Math.min(plan.count(), submitted + portion());
        if (submitted < next && next - progress.settled() <= inFlightMax()) {
          reportProgress();
          List<SamplingJob.Row> rows = rows(submitted, next);
          if (!rows.isEmpty()) {
            running.add(new Portion(submitted, next, sampler.submit(plan.job(rows), this)));
          }
          submitted = next;
        } else if (await()) {
          return progress.images();
        }
      }
    } finally {
      synchronized (progress) {
        over = true;
      }
      running.forEach(portion -> portion.running().cancel());
    }
  }

  /** Whether each row has a condition that must be loaded first. */
  private boolean hasOwnInputs() {
    return plan.frames().isPresent() || plan.request().condition().hasLists();
  }

  private int portion() {
    if (plan.model().canvas().isPresent()) {
      return 1;
    }
    return hasOwnInputs() ? PORTION_WITH_INPUTS : PORTION;
  }

  private int inFlightMax() {
    if (plan.model().canvas().isPresent()) {
      return CANVASES_IN_FLIGHT;
    }
    if (!hasOwnInputs()) {
      return IN_FLIGHT_MAX;
    }
    ModelInfo model = plan.model();
    long row = (long) model.height() * model.width();
    row *= 3L * model.condition().size() + 2L * Float.BYTES * model.channels();
    return (int) Math.max(PORTION_WITH_INPUTS, Math.min(IN_FLIGHT_MAX, IN_FLIGHT_BYTES_MAX / row));
  }

  private List<SamplingJob.Row> rows(int from, int to) throws InterruptedException {
    List<Integer> wanted = new ArrayList<>();
    for (int index = from; index < to; index++) {
      if (storedKeys.contains(plan.key(index))) {
        int stored = index;
        pool.execute(() -> onPool(() -> takeStored(stored)));
      } else {
        wanted.add(index);
      }
    }
    return retryPolicy.withRetry(
        attempt::stopping, () -> wanted.stream().map(this::row).flatMap(Optional::stream).toList());
  }

  /** A row with its inputs; empty if it is of a frame whose condition is invalid. */
  private Optional<SamplingJob.Row> row(int index) {
    Optional<SamplingJob.Row> row =
        plan.frames().isPresent()
            ? frameRow(index, plan.frames().get())
            : Optional.of(inputs.row(index, plan.seed(index), plan.noiseIndex(index)));
    return plan.request().output().trajectory() ? row.map(this::recordTrajectory) : row;
  }

  private Optional<SamplingJob.Row> frameRow(int index, Frames frames) {
    try {
      return Optional.of(inputs.frame(index, plan.seed(index), plan.noiseIndex(index), frames));
    } catch (IOException e) {
      String input = frames.frame(index).input();
      if (plan.request().frames().map(FrameRequest::strict).orElse(false)) {
        throw new InvalidInputException(
            "condition", "condition: " + input + ": " + FileErrors.reason(e), e);
      }
      int frame = index / frames.variations();
      progress.failed(index, frame, FileErrors.reason(e), plan.evaluations());
      return Optional.empty();
    }
  }

  private SamplingJob.Row recordTrajectory(SamplingJob.Row row) {
    Trajectory trajectory =
        new Trajectory(
            plan.stages().size(),
            plan.sampler().evaluationsPerStep(),
            row.x0().toFloats(plan.model()));
    trajectories.put(row.index(), trajectory);
    return row.withHook(row.hook().then(trajectory));
  }

  private boolean isSettled(Portion portion) {
    return progress.settled(portion.from(), portion.to());
  }

  /** Waits up to {@value #POLL_MILLIS} ms; true when everything is stored. */
  private boolean await() throws InterruptedException {
    synchronized (progress) {
      if (failure == null && !progress.complete()) {
        progress.wait(POLL_MILLIS);
      }
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
    }
    if (progress.complete()) {
      return true;
    }
    reportProgress();
    return false;
  }

  /** Frames are reported as soon as they are stored, so that clients can use them right away. */
  private void reportProgress() {
    attempt.check();
    if (progress.hasUnpublished() || System.nanoTime() - lastProgress >= PROGRESS_NANOS) {
      attempt.reportProgress(
          () -> {
            lastProgress = System.nanoTime();
            return progress.event();
          });
    }
  }

  @Override
  public void advanced(int stages) {
    progress.advanced(stages);
  }

  @Override
  public void finished(int row, float[] chw) {
    lastFinished = System.nanoTime(); // by the loop's thread alone
    if (firstFinished == 0) {
      firstFinished = lastFinished;
    }
    try {
      pool.execute(() -> onPool(() -> encodeAndStore(row, chw)));
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void failed(RuntimeException cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    synchronized (progress) {
      if (failure == null) {
        failure = cause;
        progress.notifyAll();
      }
    }
  }

  private boolean isStopped() {
    synchronized (progress) {
      return over || failure != null || attempt.stopping();
    }
  }

  private interface PoolWork {
    void run() throws InterruptedException;
  }

  /** Failures on the pool are thrown by the delivery's thread. */
  private void onPool(PoolWork work) {
    try {
      if (!isStopped()) {
        work.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new TransientException("the pool that stores images was shut down", e));
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void encodeAndStore(int row, float[] chw) throws InterruptedException {
    ModelInfo model = plan.model();
    model.checkFinite(row, chw);
    Trajectory trajectory = trajectories.remove(row);
    long started = System.nanoTime();
    byte[] image =
        trajectory == null
            ? Encoding.png(chw, model)
            : Encoding.animated(chw, trajectory.frames(), model);
    byte[] png = ImageSettings.of(plan, row).addTo(image);
    long encoded = System.nanoTime();
    attempt.observer().imageEncoded(encoded - started);
    String key = plan.key(row);
    byte[] file =
        retryPolicy.withRetry(
            this::isStopped, () -> FirstWrite.createOrRead(store, key, png, ContentType.PNG));
    encodeNanos.add(encoded - started);
    storeNanos.add(System.nanoTime() - encoded);
    stored(row, key, file);
  }

  /** Takes an image that an earlier attempt has stored. */
  private void takeStored(int index) throws InterruptedException {
    String key = plan.key(index);
    StoredObject found =
        retryPolicy.withRetry(
            this::isStopped,
            () -> store.get(key).orElseThrow(() -> new StorageException(key + " has vanished")));
    advanced(plan.evaluations());
    stored(index, key, found.bytes());
  }

  private void stored(int row, String key, byte[] file) {
    GeneratedImages.Image image =
        new GeneratedImages.Image(
            key,
            Sha256.sha256(file),
            file.length,
            plan.model().width(),
            plan.model().height(),
            plan.seed(row),
            plan.noiseIndex(row),
            plan.frames().map(frames -> frames.frame(row).input()));
    artifacts.add(row, file); // before the image counts as stored
    progress.stored(row, image);
  }
}
