package dev.mezzotint.observability;

import dev.mezzotint.job.RepeatedLines;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A thread that checks broker or store periodically, and logs when it becomes unusable and when it
 * is usable again. Safe for use by many threads.
 */
public final class ConnectionMonitor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ConnectionMonitor.class.getName());

  private final Supplier<Optional<String>> check;
  private final long periodMillis;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable String problem;
  private @Nullable String logged;
  private long since;

  /**
   * Starts at once.
   *
   * @param check returns what is wrong and what mends it, in one sentence; empty if nothing is
   */
  public ConnectionMonitor(String name, Duration period, Supplier<Optional<String>> check) {
    this.check = check;
    this.periodMillis = period.toMillis();
    this.thread = new Thread(this::run, "check-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      while (!closing.await(periodMillis, TimeUnit.MILLISECONDS)) {
        Optional<String> found = checked();
        if (found.isPresent()) {
          failed(found.get());
        } else {
          recovered();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<String> checked() {
    try {
      return check.get();
    } catch (RuntimeException e) {
      return Optional.of(thread.getName() + " failed: " + e);
    }
  }

  /**
   * Logs what two checks in a row found, since a lane that restarts is not an outage, and again if
   * another cause takes its place.
   */
  private void failed(String sentence) {
    if (problem == null) {
      since = System.nanoTime();
    } else if (logged == null || (sentence.equals(problem) && !sentence.equals(logged))) {
      logged = sentence;
      LOG.log(Level.WARNING, "Not ready: {0}", sentence);
    }
    problem = sentence;
  }

  private void recovered() {
    problem = null;
    if (logged != null) {
      logged = null;
      LOG.log(
          Level.INFO,
          "Ready again after {0} s; {1} repeated log lines were left out",
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since),
          RepeatedLines.process().takeOmitted());
    }
  }

  /** What is wrong, in one sentence; empty if nothing is. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  @Override
  public void close() {
    closing.countDown();
    thread.interrupt();
  }
}
