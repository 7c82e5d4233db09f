package dev.mezzotint.sampling;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.network.DeviceMemoryException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The step loop: one thread that owns the device and, turn by turn, moves some rows one stage on.
 * Rows of different jobs, step counts, solvers and seeds share each pass; they join and leave at
 * any turn, and nobody waits for the slowest.
 *
 * <p>IADB takes one α per row, so all that rows of a pass must share is the model and the size of
 * the picture: a {@link StepGroup}. Who goes next is {@link StepPolicy}'s to say, which models are
 * on the device {@link ResidentModels}'; this is what happens in between:
 *
 * <pre>{@code
 * welcome   jobs that have come, models that have been loaded
 * dismiss   jobs called off, failed, or too late for their deadline
 * next      the policy names the rows of a pass
 * step      one call on the device
 * tell      listeners hear of it; finished rows leave the device, others encode and store them
 * }</pre>
 *
 * <p>A pass that finds too little memory changes nothing and is tried again in smaller ones. One
 * that fails otherwise costs the jobs with rows under way in that model their attempt; the model is
 * loaded anew for those that wait. {@link StepLoopSettings#failuresMax} such failures in a row, and
 * the device is given up: {@link #healthy} is false from then on.
 *
 * <p>Safe for use by many threads. Listeners are called on the loop's thread; one that throws loses
 * its job.
 */
public final class StepLoop implements Sampler, AutoCloseable {
  /** Name of the loop's thread. */
  public static final String THREAD = "step-loop";

  private static final System.Logger LOG = System.getLogger(StepLoop.class.getName());

  /** How often deadlines are looked at while no row can run. */
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

  /** Starts the loop. */
  public StepLoop(ModelLoader shelf, StepLoopSettings settings) {
    this.loader = shelf;
    this.settings = settings;
    this.models =
        new ResidentModels(shelf, settings, () -> LockSupport.unpark(thread), this::quiet);
    thread.setDaemon(true);
    thread.start();
  }

  /** True if no pass was made since the last time that somebody asked. */
  private boolean quiet() {
    boolean quiet = !stepped;
    stepped = false;
    return quiet;
  }

  @Override
  public ModelInfo resolve(String model) {
    return loader.find(model);
  }

  @Override
  public Running submit(SamplingJob job, RowListener listener) {
    // What is wrong with a job must show before its rows share a pass with others'.
    job.check();
    if (closing || !healthy || !thread.isAlive()) {
      throw new DeviceException("the step loop has ended, or its device was given up");
    }
    long now = settings.clock().getAsLong();
    ModelInfo model = job.model();
    String group = model.reference() + " " + model.height() + "x" + model.width();
    long deadline = job.deadline().map(at -> onClock(at, now)).orElse(ScheduledJob.NEVER);
    SubmittedJob submission = new SubmittedJob(group, job, listener, now, deadline);
    arriving.add(submission);
    LockSupport.unpark(thread);
    return submission;
  }

  private static long onClock(Instant deadline, long now) {
    Duration left = Duration.between(Instant.now(), deadline);
    // A century is never, and would not fit.
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

  /** Jobs that have come, models that have been loaded. */
  private void admit() {
    for (SubmittedJob job = arriving.poll(); job != null; job = arriving.poll()) {
      if (!job.isLeaving()) { // nothing is loaded for nobody
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
      for (ScheduledJob job : policy.clear(loaded.key())) {
        ((SubmittedJob) job).fail(failure); // a model that cannot be loaded fails its own jobs only
      }
      if (failure instanceof DeviceException) {
        deviceFailed(failure);
      }
    }
    models.advance(policy);
  }

  /** Jobs called off, failed, or too late. */
  private void evict() {
    for (ScheduledJob job : policy.late(settings.clock().getAsLong())) {
      late++;
      ((SubmittedJob) job).fail(new AttemptStoppedException(AttemptStoppedException.Reason.LATE));
    }
    for (ScheduledJob job : policy.removeIf(job -> ((SubmittedJob) job).isLeaving())) {
      release(job);
    }
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
    boolean somebodyWaits = policy.groups().stream().anyMatch(group -> !group.isEmpty());
    if (somebodyWaits) {
      LockSupport.parkNanos(this, PARK_NANOS);
    } else {
      LockSupport.park(this);
    }
  }

  private void runPass(Pass pass) {
    StepGroup group = java.util.Objects.requireNonNull(models.use(pass.group()));
    try {
      long before = settings.clock().getAsLong();
      group.step(pass);
      stepped = true;
      long nanos = settings.clock().getAsLong() - before;
      List<ScheduledJob.Row> finished = policy.passed(pass, nanos);
      List<float[]> pictures = finished.isEmpty() ? List.of() : group.take(finished);
      failures = 0;
      passes++;
      rowSteps += pass.rows().size();
      paddingRows += pass.size() - pass.rows().size();
      stepNanos += nanos;
      notifyListeners(pass.rows());
      for (int i = 0; i < finished.size(); i++) {
        ScheduledJob.Row row = finished.get(i);
        ((SubmittedJob) row.job).notifyFinished(StepGroup.source(row).index(), pictures.get(i));
      }
    } catch (DeviceMemoryException e) {
      outOfMemory++;
      LOG.log(System.Logger.Level.WARNING, "no memory for {0} rows: {1}", pass.size(), e);
      if (!policy.shrink(pass) && !models.evictOne(policy)) {
        passFailed(pass, e);
      }
    } catch (RuntimeException | Error e) {
      // Errors too: memory that ran out in one pass is there again once its rows are gone.
      passFailed(pass, e);
    }
  }

  private static void notifyListeners(List<ScheduledJob.Row> rows) {
    rows.forEach(row -> ((SubmittedJob) row.job).countStage());
    rows.forEach(row -> ((SubmittedJob) row.job).notifyAdvanced());
  }

  /** The device failed under these rows: their jobs hear of it, other models go on. */
  private void passFailed(Pass pass, Throwable e) {
    LOG.log(System.Logger.Level.ERROR, "pass failed", e);
    DeviceException cause = new DeviceException("the device failed: " + e, e);
    Set<ScheduledJob> lost = new HashSet<>();
    pass.rows().forEach(row -> lost.add(row.job)); // also those whose last row has just ended
    List<ScheduledJob> all = policy.clear(pass.group());
    all.stream().filter(job -> !job.resident().isEmpty()).forEach(lost::add);
    policy.close(pass.group());
    models.discard(pass.group());
    lost.forEach(job -> ((SubmittedJob) job).fail(cause));
    for (ScheduledJob job : all) {
      if (!lost.contains(job)) {
        arriving.add((SubmittedJob) job); // it had not begun: a fresh network serves it as well
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
    LOG.log(System.Logger.Level.ERROR, "the device failed {0} times in a row", failures);
    List<ScheduledJob> all = new ArrayList<>(policy.removeIf(job -> true));
    all.forEach(this::release);
    for (SubmittedJob job = arriving.poll(); job != null; job = arriving.poll()) {
      all.add(job);
    }
    all.forEach(job -> ((SubmittedJob) job).fail(new DeviceException("device given up", cause)));
    onUnhealthy.run();
  }

  private void countRows() {
    int waitingNow = 0;
    int underWayNow = 0;
    for (GroupQueue group : policy.groups()) {
      waitingNow += group.waiting();
      underWayNow += group.residents();
    }
    waiting = waitingNow;
    running = underWayNow;
  }

  /** Turns so far: a loop with rows whose count stands still is stuck. */
  public long passes() {
    return passes;
  }

  /** True while the loop's thread lives. */
  public boolean alive() {
    return thread.isAlive();
  }

  /** False once the device has failed several times in a row: this process should be replaced. */
  public boolean healthy() {
    return healthy;
  }

  /**
   * Has an action run, once and on the loop's thread, when the device is given up; to be set before
   * the first job.
   */
  public void onUnhealthy(Runnable action) {
    onUnhealthy = action;
  }

  /** For metrics. */
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
    String group = model.reference() + " " + model.height() + "x" + model.width();
    @Nullable BatchCurve curve = models.curves().get(group);
    return Optional.ofNullable(curve);
  }

  /** Ends after the turn in hand; rows under way are dropped without a word to their listeners. */
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
