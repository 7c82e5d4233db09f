package dev.mezzotint.autoscaling;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.GroupOffsets.Backlog;
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
 * A thread that reads the queues' backlogs periodically and notifies listeners when a queue becomes
 * active or inactive. Safe for use by many threads.
 */
public final class DemandMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DemandMonitor.class.getName());
  private static final long FRESH_NANOS = Duration.ofSeconds(60).toNanos();

  /** Reads the backlog of each kind. */
  public interface BacklogReader {
    /**
     * @throws TransientException if the broker does not answer
     */
    Map<String, Backlog> read() throws InterruptedException;
  }

  /** Keeps what was measured for the next process. */
  public interface CostStore {
    /**
     * By kind; empty if nothing is kept or it may not be read.
     *
     * @throws TransientException if the broker does not answer
     */
    Map<String, String> load() throws InterruptedException;

    /**
     * @throws TransientException if the broker does not answer or refuses
     */
    void save(Map<String, String> costs) throws InterruptedException;
  }

  private static final long SAVE_NANOS = Duration.ofMinutes(1).toNanos();

  /** Unchanged ones too, since a cluster removes offsets that are not committed for days. */
  private static final long SAVE_AGAIN_NANOS = Duration.ofHours(1).toNanos();

  private final BacklogReader reader;
  private final CostStore store;
  private final long periodMillis;
  private final Map<String, JobCost> costs = new TreeMap<>();
  private final Map<String, Demand> demands = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "mezzotint-demand");
  private boolean restored;
  private Map<String, String> saved = Map.of();
  private long savedNanos;
  private volatile long lastReadNanos;
  private volatile boolean failing;

  /**
   * Starts at once.
   *
   * @param store keeps the measured time per job
   * @param secondsPerJob by kind, until measured; has an entry for every kind
   */
  public DemandMonitor(
      BacklogReader reader, CostStore store, Map<String, Double> secondsPerJob, Duration period) {
    this.reader = reader;
    this.store = store;
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
          restore();
          update(reader.read());
          save();
        } catch (RuntimeException e) {
          // The thread must survive any failure: the next read may succeed.
          if (!failing) {
            LOG.log(
                System.Logger.Level.WARNING,
                "The backlog cannot be read; the autoscaler gets errors until it can: {0}",
                e instanceof TransientException ? e.getMessage() : e.toString());
          }
          failing = true;
        }
      } while (!closing.await(periodMillis, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Before the first demand is known, or a restart would scale by the configured time per job. */
  private void restore() throws InterruptedException {
    if (!restored) {
      saved = store.load();
      saved.forEach(
          (kind, cost) -> Optional.ofNullable(costs.get(kind)).ifPresent(of -> of.restore(cost)));
      savedNanos = System.nanoTime() - SAVE_NANOS;
      restored = true;
    }
  }

  private void save() throws InterruptedException {
    long since = System.nanoTime() - savedNanos;
    if (since < SAVE_NANOS) {
      return;
    }
    Map<String, String> now = new TreeMap<>();
    costs.forEach((kind, cost) -> now.put(kind, cost.toNote()));
    if (!now.equals(saved) || since > SAVE_AGAIN_NANOS) {
      savedNanos = System.nanoTime(); // also after a failure: the next minute tries again
      try {
        store.save(now);
        saved = now;
      } catch (TransientException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "The measured time per job cannot be kept for a restart: {0}",
            e.getMessage());
      }
    }
  }

  private void update(Map<String, Backlog> backlogs) {
    long now = System.nanoTime();
    boolean changed = false;
    for (Map.Entry<String, JobCost> cost : costs.entrySet()) {
      Backlog backlog = backlogs.get(cost.getKey());
      if (backlog != null) {
        cost.getValue().update(backlog, now);
        Demand demand =
            new Demand(backlog.unsettled(), backlog.paused(), cost.getValue().seconds());
        Demand before = demands.put(cost.getKey(), demand);
        changed |= before == null || before.active() != demand.active();
      }
    }
    lastReadNanos = now;
    failing = false;
    if (changed) {
      listeners.forEach(Runnable::run);
    }
  }

  public List<String> kinds() {
    return List.copyOf(costs.keySet());
  }

  /**
   * @throws InvalidInputException if there is no such kind
   * @throws TransientException if there was no successful read in the last minute
   */
  public Demand demand(String kind) {
    if (!costs.containsKey(kind)) {
      throw new InvalidInputException(
          "kind", "kind must be one of " + String.join(", ", costs.keySet()) + ", not " + kind);
    }
    Demand demand = demands.get(kind);
    if (demand == null || System.nanoTime() - lastReadNanos > FRESH_NANOS) {
      throw new TransientException("the backlog could not be read: the broker does not answer");
    }
    return demand;
  }

  /** The result of the last successful read, however old; empty before the first. */
  public Optional<Demand> last(String kind) {
    return Optional.ofNullable(demands.get(kind));
  }

  /** Time since the last successful read. */
  public double ageSeconds() {
    return (System.nanoTime() - lastReadNanos) / 1e9;
  }

  /**
   * Registers a listener, called on the monitor's thread whenever a kind becomes active or
   * inactive.
   *
   * @param listener must be quick and must not throw
   * @return removes the listener
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
