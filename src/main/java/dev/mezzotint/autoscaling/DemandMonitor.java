package dev.mezzotint.autoscaling;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A thread that looks at the queues again and again, and tells whoever wants to know as soon as
 * there is something to do, or nothing any more. Safe for use by many threads.
 */
public final class DemandMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DemandMonitor.class.getName());
  private static final long FRESH_NANOS = Duration.ofSeconds(60).toNanos();

  /** The queues, by kind. */
  public interface BacklogReader {
    /**
     * @throws TransientException if the broker does not answer
     */
    Map<String, QueueSnapshot> read() throws InterruptedException;
  }

  private final BacklogReader reader;
  private final long periodMillis;
  private final Map<String, JobCost> costs = new TreeMap<>();
  private final Map<String, Demand> demands = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "mezzotint-demand");
  private volatile long lastReadNanos;
  private volatile boolean failing;

  /**
   * Begins at once.
   *
   * @param secondsPerJob by kind, until they are measured: all kinds that there are
   */
  public DemandMonitor(BacklogReader queues, Map<String, Double> secondsPerJob, Duration period) {
    this.reader = queues;
    this.periodMillis = period.toMillis();
    secondsPerJob.forEach((kind, seconds) -> costs.put(kind, new JobCost(seconds)));
    lastReadNanos = System.nanoTime();
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      do {
        try {
          take(reader.read());
        } catch (RuntimeException e) {
          // Whatever it is, the next look may succeed; a thread that ended would never look again.
          if (!failing) {
            LOG.log(
                System.Logger.Level.WARNING,
                "What waits cannot be counted, so the autoscaler is told nothing: {0}",
                e.getMessage());
          }
          failing = true;
        }
      } while (!closing.await(periodMillis, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void take(Map<String, QueueSnapshot> figures) {
    long now = System.nanoTime();
    boolean changed = false;
    for (Map.Entry<String, JobCost> entry : costs.entrySet()) {
      QueueSnapshot of = figures.get(entry.getKey());
      if (of != null) {
        entry.getValue().update(of, now);
        Demand demand = new Demand(of.unsettled(), of.paused(), entry.getValue().seconds());
        Demand before = demands.put(entry.getKey(), demand);
        changed |= before == null || before.active() != demand.active();
      }
    }
    lastReadNanos = now;
    failing = false;
    if (changed) {
      listeners.forEach(Runnable::run);
    }
  }

  /** Kinds that there are. */
  public List<String> kinds() {
    return List.copyOf(costs.keySet());
  }

  /**
   * @throws InvalidInputException if there is no such kind
   * @throws TransientException if nothing has been learnt for a minute, or nothing yet
   */
  public Demand demand(String kind) {
    if (!costs.containsKey(kind)) {
      throw new InvalidInputException(
          "kind", "kind must be one of " + String.join(", ", costs.keySet()) + ", not " + kind);
    }
    Demand demand = demands.get(kind);
    if (demand == null || System.nanoTime() - lastReadNanos > FRESH_NANOS) {
      throw new TransientException("what waits could not be counted: the broker does not answer");
    }
    return demand;
  }

  /** The last that was learnt, however old; empty where nothing has been. */
  public Optional<Demand> last(String kind) {
    return Optional.ofNullable(demands.get(kind));
  }

  /** Since the queues could last be looked at. */
  public double ageSeconds() {
    return (System.nanoTime() - lastReadNanos) / 1e9;
  }

  /**
   * Has this run, on the watch's own thread, whenever a kind has begun or ceased to have something
   * to do.
   *
   * @param listener must be quick and throw nothing
   * @return ends that
   */
  Runnable onChange(Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void close() {
    closing.countDown();
    thread.interrupt();
    try {
      thread.join(6_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
