package dev.mezzotint.generation;

import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * The step loop: one thread that owns the device and, turn by turn, moves every row that fits one
 * stage on. Rows of different jobs, step counts, solvers and seeds share each pass; they join and
 * leave at any turn, and nobody waits for the slowest.
 *
 * <p>IADB takes one α per row, so all that rows of a pass must share is the model and the size of
 * the picture: a {@link StepGroup}. Groups take turns; within a group jobs that wait take turns at
 * free slots, row by row, so that a large job does not hold up a small one.
 *
 * <p>Safe for use by many threads. Listeners are called on the loop's thread; one that throws loses
 * its job.
 */
public final class StepLoop implements Sampling, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StepLoop.class.getName());

  /** Rows under way at once: on a CPU larger passes gain nothing more. */
  public static final int SLOTS_DEFAULT = 16;

  private final ModelShelf shelf;
  private final int slots;
  private final int modelsMax;
  private final Queue<Admitted> arriving = new ConcurrentLinkedQueue<>();
  private final Map<String, StepGroup> groups = new LinkedHashMap<>(16, 0.75f, true);
  private final Thread thread = new Thread(this::run, "step-loop");
  private volatile boolean closing;
  private volatile long turns;

  /**
   * Starts the loop.
   *
   * @param slots rows of one model that are under way at once, and the largest pass
   * @param modelsMax models that stay on the device; beyond that the one unused for longest goes
   */
  public StepLoop(ModelShelf shelf, int slots, int modelsMax) {
    this.shelf = shelf;
    this.slots = slots;
    this.modelsMax = modelsMax;
    thread.setDaemon(true);
    thread.start();
  }

  /** A job's rows on their way through the loop; only the loop's thread changes them. */
  static final class Admitted implements Running {
    final SamplingJob job;
    final ArrayDeque<SamplingJob.Row> waiting;
    int active;
    private final RowListener listener;
    private boolean failed;
    private volatile boolean cancelled;

    Admitted(SamplingJob job, RowListener listener) {
      this.job = job;
      this.listener = listener;
      this.waiting = new ArrayDeque<>(job.rows());
    }

    /** True once its rows are to leave: somebody cancelled it, or it failed. */
    boolean leaving() {
      return cancelled || failed;
    }

    void advanced(int stages) {
      tell(() -> listener.advanced(stages));
    }

    void finished(int row, float[] chw) {
      tell(() -> listener.finished(row, chw));
    }

    /** A listener that throws loses its own job and nothing else. */
    private void tell(Runnable call) {
      if (failed) {
        return;
      }
      try {
        call.run();
      } catch (RuntimeException e) {
        fail(e);
      } catch (Error e) {
        fail(new IllegalStateException("what was to hear of the rows failed: " + e, e));
      }
    }

    /** The job ends here; it hears of no more than one failure. */
    void fail(RuntimeException cause) {
      if (failed) {
        return;
      }
      failed = true;
      try {
        listener.failed(cause);
      } catch (RuntimeException | Error e) {
        LOG.log(System.Logger.Level.ERROR, "job " + job.jobId() + " could not be told", e);
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  @Override
  public ModelInfo resolve(String model) {
    return shelf.find(model);
  }

  @Override
  public Running submit(SamplingJob job, RowListener listener) {
    // What is wrong with a job must show before its rows share a pass with others'.
    job.check();
    if (closing || !thread.isAlive()) {
      throw new DeviceException("the step loop has ended");
    }
    Admitted admitted = new Admitted(job, listener);
    arriving.add(admitted);
    LockSupport.unpark(thread);
    return admitted;
  }

  /** Turns so far: a loop with rows whose count stands still is stuck. */
  public long turns() {
    return turns;
  }

  /** True while the loop's thread lives. */
  public boolean alive() {
    return thread.isAlive();
  }

  private void run() {
    while (!closing) {
      admitArriving();
      boolean worked = false;
      for (StepGroup group : new ArrayList<>(groups.values())) {
        worked |= turn(group);
      }
      if (!worked && arriving.isEmpty() && !closing) {
        LockSupport.park(this);
      }
    }
    groups.values().forEach(StepLoop::close);
  }

  private void admitArriving() {
    for (Admitted job = arriving.poll(); job != null; job = arriving.poll()) {
      if (job.leaving()) {
        continue; // nothing is loaded for nobody
      }
      try {
        group(job.job.model()).admit(job);
      } catch (InvalidInputException | TransientException | DeviceException e) {
        job.fail(e); // a model that cannot be loaded fails its own jobs only
      } catch (RuntimeException | Error e) {
        job.fail(
            new DeviceException(
                "model " + job.job.model().reference() + " cannot be loaded: " + e, e));
      }
    }
  }

  private StepGroup group(ModelInfo model) {
    String key = model.reference() + " " + model.height() + "x" + model.width();
    StepGroup group = groups.get(key);
    if (group == null) {
      evictIdle();
      group = new StepGroup(model, shelf.load(model), slots);
      groups.put(key, group);
    }
    return group;
  }

  /** Makes room before a model is loaded; a group with rows is never closed. */
  private void evictIdle() {
    Iterator<StepGroup> oldestFirst = groups.values().iterator();
    while (groups.size() >= modelsMax && oldestFirst.hasNext()) {
      StepGroup group = oldestFirst.next();
      if (group.idle()) {
        oldestFirst.remove();
        close(group);
      }
    }
  }

  /** One turn of a group; false if it had nothing to do. */
  private boolean turn(StepGroup group) {
    try {
      boolean worked = group.turn();
      if (worked) {
        turns++;
      }
      return worked;
    } catch (RuntimeException | Error e) {
      // The device failed under these rows: their jobs hear of it, the loop and other models go on.
      // Errors too: memory that ran out in one pass is there again once its rows are gone.
      LOG.log(System.Logger.Level.ERROR, "pass failed", e);
      groups.values().remove(group);
      close(group);
      DeviceException cause = new DeviceException("the device failed: " + e, e);
      group.jobs().forEach(job -> job.fail(cause));
      return true;
    }
  }

  /** After a failure of the device even this may fail. */
  private static void close(StepGroup group) {
    try {
      group.close();
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "a network could not be closed", e);
    }
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
