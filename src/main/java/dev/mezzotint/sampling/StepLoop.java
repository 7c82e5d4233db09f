package dev.mezzotint.sampling;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.Engine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The step loop: one thread that owns the device and runs passes, each of which takes some rows one
 * stage further. Rows of different jobs, step counts, solvers and seeds share a pass; they join and
 * leave at any pass and do not wait for the slowest.
 *
 * <p>IADB takes one α per row, so the rows of a pass need only have the model and the image size in
 * common: a {@link StepGroup}. {@link StepPolicy} chooses the rows, {@link ResidentModels} manages
 * the models on the device, and this class repeats:
 *
 * <pre>{@code
 * admit     submitted jobs, and models that have been loaded
 * evict     jobs that were cancelled, have failed, or cannot meet their deadline
 * next      the policy chooses the rows of a pass
 * runPass   one call on the device; finished rows are read
 * notify    listeners get progress and finished rows, which others encode and store
 * }</pre>
 *
 * <p>A pass for which memory runs out changes nothing and is retried with fewer rows. A pass that
 * fails otherwise fails all jobs with running rows of that model; the model is loaded again for the
 * jobs that wait. After {@link StepLoopSettings#failuresMax} consecutive failures the device is
 * declared unhealthy: {@link #healthy} is false from then on.
 *
 * <p>Safe for use by many threads. Listeners are called on the loop's thread; one that throws fails
 * its job.
 */
public final class StepLoop implements Sampler, AutoCloseable {
  public static final String THREAD = "step-loop";

  private static final System.Logger LOG = System.getLogger(StepLoop.class.getName());

  /** Time between checks of deadlines while no row can run. */
  private static final long PARK_NANOS = 20_000_000;

  private final ModelLoader loader;
  private final StepLoopSettings settings;
  private final StepPolicy policy = new StepPolicy();
  private final ResidentModels models;
  private final Queue<SubmittedJob> arriving = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this::run, THREAD);
  private volatile boolean closing;
  private volatile boolean healthy = true;
  private volatile Runnable onUnhealthy = () -> {};
  private volatile boolean stepped;
  private int failures;

  // Written by the loop's thread alone.
  private volatile long passes;
  private volatile long rowSteps;
  private volatile long paddingRows;
  private volatile long stepNanos;
  private volatile long outOfMemory;
  private volatile long late;
  private volatile int waiting;
  private volatile int running;

  public StepLoop(ModelLoader loader, StepLoopSettings settings) {
    this.loader = loader;
    this.settings = settings;
    this.models =
        new ResidentModels(loader, settings, () -> LockSupport.unpark(thread), this::quiet);
    thread.setDaemon(true);
    thread.start();
  }

  /** True if no pass has run since the last call. */
  private boolean quiet() {
    boolean quiet = !stepped;
    stepped = false;
    return quiet;
  }

  @Override
  public ModelInfo resolve(String model, Optional<Engine> engine) {
    return loader.find(model, engine);
  }

  @Override
  public Running submit(SamplingJob job, RowListener listener) {
    // Validate before the rows share a pass with those of other jobs.
    job.check();
    if (closing || !healthy || !thread.isAlive()) {
      throw new DeviceException("the step loop has ended, or its device is unhealthy");
    }
    long now = settings.clock().getAsLong();
    ModelInfo model = job.model();
    String group = model.group();
    long deadline = job.deadline().map(at -> onClock(at, now)).orElse(ScheduledJob.NEVER);
    SubmittedJob submitted = new SubmittedJob(group, job, listener, now, deadline);
    arriving.add(submitted);
    LockSupport.unpark(thread);
    return submitted;
  }

  private static long onClock(Instant deadline, long now) {
    Duration left = Duration.between(Instant.now(), deadline);
    // Deadlines more than 100 years ahead are treated as none: they would overflow.
    return left.compareTo(Duration.ofDays(36_500)) > 0 ? ScheduledJob.NEVER : now + left.toNanos();
  }

  private void run() {
    try {
      while (!closing) {
        admit();
        evict();
        Pass pass = policy.next();
        countRows();
        if (pass == null) {
          park();
        } else {
          runPass(pass);
        }
      }
    } finally {
      models.close();
    }
  }

  /** Admits submitted jobs, and opens the groups of models that have been loaded. */
  private void admit() {
    for (SubmittedJob job = arriving.poll(); job != null; job = arriving.poll()) {
      if (!job.isLeaving()) { // do not load a model for a cancelled job
        policy.add(job);
        models.request(job.group, job.job.model());
      }
    }
    models.advance(policy);
    ResidentModels.Loaded loaded;
    while ((loaded = models.poll(policy)) != null) {
      RuntimeException failure = loaded.failure();
      if (failure == null) {
        policy.open(loaded.key(), loaded.slots(), loaded.curve());
        continue;
      }
      // A model that cannot be loaded fails its own jobs only.
      policy.clear(loaded.key()).forEach(job -> SubmittedJob.of(job).fail(failure));
      if (failure instanceof DeviceException) {
        deviceFailed(failure);
      }
    }
    models.advance(policy);
  }

  /** Removes jobs that were cancelled, have failed, or cannot meet their deadline. */
  private void evict() {
    for (ScheduledJob job : policy.late(settings.clock().getAsLong())) {
      late++;
      SubmittedJob.of(job).fail(new AttemptStoppedException(AttemptStoppedException.Reason.LATE));
    }
    policy.removeIf(job -> SubmittedJob.of(job).isLeaving()).forEach(this::release);
  }

  private void release(ScheduledJob job) {
    StepGroup group = models.use(job.group);
    if (group != null) {
      job.resident().forEach(group::release);
    }
  }

  private void park() {
    if (!arriving.isEmpty() || closing) {
      return;
    }
    boolean hasJobs = policy.groups().stream().anyMatch(group -> !group.isEmpty());
    if (hasJobs) {
      LockSupport.parkNanos(this, PARK_NANOS);
    } else {
      LockSupport.park(this);
    }
  }

  private void runPass(Pass pass) {
    StepGroup group = Objects.requireNonNull(models.use(pass.group()));
    try {
      long before = settings.clock().getAsLong();
      group.step(pass);
      stepped = true;
      long nanos = settings.clock().getAsLong() - before;
      List<ScheduledJob.Row> finished = policy.passed(pass, nanos);
      List<float[]> images = finished.isEmpty() ? List.of() : group.take(finished);
      failures = 0;
      passes++;
      rowSteps += pass.rows().size();
      paddingRows += pass.size() - pass.rows().size();
      stepNanos += nanos;
      notifyListeners(pass.rows());
      for (int i = 0; i < finished.size(); i++) {
        ScheduledJob.Row row = finished.get(i);
        SubmittedJob.of(row).notifyFinished(StepGroup.source(row).index(), images.get(i));
      }
    } catch (DeviceMemoryException e) {
      outOfMemory++;
      LOG.log(System.Logger.Level.WARNING, "no memory for {0} rows: {1}", pass.size(), e);
      if (!policy.shrink(pass) && !models.evictOne(policy)) {
        passFailed(pass, e);
      }
    } catch (RuntimeException | Error e) {
      // Errors too: heap that ran out in a pass is free again once its rows are gone.
      passFailed(pass, e);
    }
  }

  private static void notifyListeners(List<ScheduledJob.Row> rows) {
    rows.forEach(row -> SubmittedJob.of(row).countStage());
    rows.forEach(row -> SubmittedJob.of(row).notifyAdvanced());
  }

  /** Fails the jobs with running rows of this model; other models continue. */
  private void passFailed(Pass pass, Throwable e) {
    LOG.log(System.Logger.Level.ERROR, "Pass failed", e);
    DeviceException cause = new DeviceException("the device failed: " + e, e);
    Set<ScheduledJob> lost = new HashSet<>();
    pass.rows().forEach(row -> lost.add(row.job)); // also jobs whose last row has just ended
    List<ScheduledJob> all = policy.clear(pass.group());
    all.stream().filter(job -> !job.resident().isEmpty()).forEach(lost::add);
    policy.close(pass.group());
    models.discard(pass.group());
    lost.forEach(job -> SubmittedJob.of(job).fail(cause));
    for (ScheduledJob job : all) {
      if (!lost.contains(job)) {
        arriving.add(SubmittedJob.of(job)); // not started: it runs once the model is loaded again
      }
    }
    deviceFailed(cause);
  }

  private void deviceFailed(RuntimeException cause) {
    failures++;
    if (failures < settings.failuresMax() || !healthy) {
      return;
    }
    healthy = false;
    LOG.log(
        System.Logger.Level.ERROR,
        "The device failed {0} times in a row and is declared unhealthy",
        failures);
    List<ScheduledJob> all = new ArrayList<>(policy.removeIf(job -> true));
    all.forEach(this::release);
    for (SubmittedJob job = arriving.poll(); job != null; job = arriving.poll()) {
      all.add(job);
    }
    all.forEach(
        job -> SubmittedJob.of(job).fail(new DeviceException("the device is unhealthy", cause)));
    onUnhealthy.run();
  }

  private void countRows() {
    int waitingNow = 0;
    int runningNow = 0;
    for (GroupQueue group : policy.groups()) {
      waitingNow += group.waiting();
      runningNow += group.residents();
    }
    waiting = waitingNow;
    running = runningNow;
  }

  /** Passes so far: a loop with rows whose count does not rise is stuck. */
  public long passes() {
    return passes;
  }

  public boolean alive() {
    return thread.isAlive();
  }

  /** False once the device was declared unhealthy: this process should be replaced. */
  public boolean healthy() {
    return healthy;
  }

  /**
   * Registers a callback, run once on the loop's thread when the device is declared unhealthy; to
   * be set before the first job.
   */
  public void onUnhealthy(Runnable action) {
    onUnhealthy = action;
  }

  public StepLoopMetrics metrics() {
    return new StepLoopMetrics(
        passes,
        rowSteps,
        paddingRows,
        stepNanos,
        waiting,
        running,
        outOfMemory,
        late,
        models.bytes(),
        models.curves());
  }

  /** The batch curve of a model that is on the device. */
  public Optional<BatchCurve> curve(ModelInfo model) {
    String group = model.group();
    @Nullable BatchCurve curve = models.curves().get(group);
    return Optional.ofNullable(curve);
  }

  /** Ends after the current pass; running rows are dropped, and listeners are not called. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
