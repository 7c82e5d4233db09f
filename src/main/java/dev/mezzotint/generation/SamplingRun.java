package dev.mezzotint.generation;

import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.delivery.JobListener;
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
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.storage.StoredObject;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at the pictures of a job: rows go to the device in portions, come back on its thread,
 * and are encoded and stored on a pool, each as soon as it is finished.
 *
 * <p>{@link #run} is called once, by the delivery's thread.
 */
final class SamplingRun implements Sampler.RowListener {
  /** Rows of one job between submission and their object in the store: bounds memory. */
  static final int IN_FLIGHT_MAX = 512;

  static final int PORTION = 256;

  /** Rows whose pictures must be brought first: the first are under way while others come. */
  static final int PORTION_WITH_INPUTS = 16;

  /** What rows with conditions of their own may take together, before and after sampling. */
  static final long IN_FLIGHT_BYTES_MAX = 256L << 20;

  private static final long POLL_MILLIS = 20;

  /** Asked every few milliseconds while the rows are under way. */
  interface Watch {

    /**
     * @param done evaluations, all rows together
     * @param images that stand in the store
     * @throws AttemptStoppedException if the attempt is to end
     */
    void look(long done, int images);
  }

  private final ObjectStore store;
  private final Executor pool;
  private final RetryPolicy retryPolicy;
  private final BooleanSupplier stop;
  private final Plan plan;
  private final InputLoader inputs;
  private final Set<String> storedKeys;
  private final KeptFiles kept;
  private final Map<Integer, Trajectory> trajectories =
      new ConcurrentHashMap<>(); // of rows under way

  private final JobProgress progress;

  private final JobListener.DeliveryObserver visit;
  private final LongAdder encodeNanos = new LongAdder();
  private final LongAdder storeNanos = new LongAdder();
  private volatile long firstFinished;
  private volatile long lastFinished;

  // Both guarded by the tally.
  private boolean over;
  private @Nullable Throwable failure;

  /**
   * @param pool where pictures are encoded and stored; its threads wait for the store
   * @param stop true once the attempt may no longer write
   * @param claims what the rows start from
   * @param standing keys of pictures that an earlier attempt has stored: these count
   * @param kept takes files that something else is to be made of
   * @param visit hears of steps and pictures
   */
  SamplingRun(
      ObjectStore store,
      Executor pool,
      RetryPolicy patience,
      BooleanSupplier stop,
      Plan plan,
      InputLoader claims,
      Set<String> standing,
      KeptFiles kept,
      JobListener.DeliveryObserver visit) {
    this.store = store;
    this.pool = visit.wrap(pool);
    this.visit = visit;
    this.retryPolicy = patience;
    this.stop = stop;
    this.plan = plan;
    this.inputs = claims;
    this.storedKeys = standing;
    this.kept = kept;
    this.progress = new JobProgress(plan.count(), plan.frames().isPresent());
  }

  /** Rows that went to the device together. */
  private record Portion(int from, int to, Sampler.Running running) {}

  /**
   * Returns once every picture stands in the store, but for those of frames that failed.
   *
   * @throws AttemptStoppedException as {@code watch} says
   * @throws RuntimeException what the device or the store failed with
   */
  List<GeneratedImages.Image> run(Sampler sampling, Watch watch) throws InterruptedException {
    JobListener.Period steps = visit.samplingStarted(progress::done);
    try {
      return runPortions(sampling, watch);
    } finally {
      recordSpans(steps);
    }
  }

  /** The last row's end is the end of the steps; until then some were still under way. */
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
      visit.recordSpan("pictures", firstFinished, now, counts);
    }
  }

  private List<GeneratedImages.Image> runPortions(Sampler sampling, Watch watch)
      throws InterruptedException {
    Deque<Portion> running = new ArrayDeque<>();
    int submitted = 0;
    try {
      while (true) {
        while (!running.isEmpty() && settled(running.element())) {
          running.remove(); // and with it what its rows started from
        }
        int next = Math.min(plan.count(), submitted + portion());
        if (submitted < next && next - progress.settled() <= inFlightMax()) {
          watch.look(progress.done(), progress.stored());
          List<SamplingJob.Row> rows = rows(submitted, next);
          if (!rows.isEmpty()) {
            running.add(new Portion(submitted, next, sampling.submit(plan.job(rows), this)));
          }
          submitted = next;
          continue;
        }
        if (await(watch)) {
          return progress.images();
        }
      }
    } finally {
      over();
      running.forEach(portion -> portion.running().cancel());
    }
  }

  /** Whether each row brings a condition along that must be read first. */
  private boolean hasOwnInputs() {
    return plan.frames().isPresent() || plan.request().condition().hasLists();
  }

  private int portion() {
    return hasOwnInputs() ? PORTION_WITH_INPUTS : PORTION;
  }

  private int inFlightMax() {
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
        int there = index;
        pool.execute(() -> onPool(() -> takeStored(there)));
      } else {
        wanted.add(index);
      }
    }
    return retryPolicy.withRetry(stop, () -> rows(wanted));
  }

  private List<SamplingJob.Row> rows(List<Integer> wanted) {
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int index : wanted) {
      Optional<SamplingJob.Row> row =
          plan.frames().isPresent()
              ? frame(index, plan.frames().get())
              : Optional.of(inputs.row(index, plan.seed(index), plan.noiseIndex(index)));
      row.map(found -> plan.request().output().trajectory() ? recordTrajectory(found) : found)
          .ifPresent(rows::add);
    }
    return rows;
  }

  /** The row of a frame; empty if its condition is at fault. */
  private Optional<SamplingJob.Row> frame(int index, Frames frames) {
    try {
      return Optional.of(inputs.frame(index, plan.seed(index), plan.noiseIndex(index), frames));
    } catch (IOException e) {
      String input = frames.frame(index).input();
      if (plan.request().frames().map(FrameRequest::strict).orElse(false)) {
        throw new InvalidInputException(
            "condition", "condition: " + input + ": " + e.getMessage(), e);
      }
      int frame = index / frames.variations();
      progress.failed(index, frame, String.valueOf(e.getMessage()), plan.stages().size());
      return Optional.empty();
    }
  }

  private SamplingJob.Row recordTrajectory(SamplingJob.Row row) {
    ModelInfo model = plan.model();
    float[] start = new float[model.channels() * model.height() * model.width()];
    row.x0().write(start, /* offset= */ 0, start.length);
    Trajectory way =
        new Trajectory(plan.stages().size(), plan.sampler().evaluationsPerStep(), start);
    trajectories.put(row.index(), way);
    return row.withHook(row.hook().then(way));
  }

  private boolean settled(Portion portion) {
    return progress.settled(portion.from(), portion.to());
  }

  /** How far it is. */
  JobProgress progress() {
    return progress;
  }

  private void over() {
    synchronized (progress) {
      over = true;
    }
  }

  /** Waits a little; true when everything is stored. */
  private boolean await(Watch watch) throws InterruptedException {
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
    watch.look(progress.done(), progress.stored());
    return false;
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
      pool.execute(() -> onPool(() -> keep(row, chw)));
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

  private boolean stopped() {
    synchronized (progress) {
      return over || failure != null || stop.getAsBoolean();
    }
  }

  private interface PoolWork {
    void run() throws InterruptedException;
  }

  /** Whatever goes wrong on the pool is the delivery thread's to deal with. */
  private void onPool(PoolWork work) {
    try {
      if (!stopped()) {
        work.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new TransientException("the pool that stores pictures was shut down", e));
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void keep(int row, float[] chw) throws InterruptedException {
    ModelInfo model = plan.model();
    plan.model().checkFinite(row, chw);
    Trajectory way = trajectories.remove(row);
    long begun = System.nanoTime();
    byte[] png =
        way == null ? Encoding.png(chw, model) : Encoding.animated(chw, way.frames(), model);
    long encoded = System.nanoTime();
    visit.encoded(encoded - begun);
    String key = plan.key(row);
    byte[] file =
        retryPolicy.withRetry(
            this::stopped, () -> FirstWrite.standing(store, key, png, ContentType.PNG));
    encodeNanos.add(encoded - begun);
    storeNanos.add(System.nanoTime() - encoded);
    kept(row, key, file);
  }

  /** A picture that an earlier attempt has stored. */
  private void takeStored(int index) throws InterruptedException {
    String key = plan.key(index);
    StoredObject found =
        retryPolicy.withRetry(
            this::stopped,
            () -> store.get(key).orElseThrow(() -> new StorageException(key + " has vanished")));
    advanced(plan.stages().size());
    kept(index, key, found.bytes());
  }

  private void kept(int row, String key, byte[] standing) {
    GeneratedImages.Image image =
        new GeneratedImages.Image(
            key,
            Sha256.sha256(standing),
            standing.length,
            plan.model().width(),
            plan.model().height(),
            plan.seed(row),
            plan.noiseIndex(row),
            plan.frames().map(frames -> frames.frame(row).input()));
    kept.add(row, standing); // before anybody hears of it
    progress.stored(row, image);
  }
}
