package dev.mezzotint.job;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Retries transient failures with exponential backoff while the record's lock is held: the broker
 * delivers a released record again at once, so waiting has to happen here.
 *
 * <p>The pause doubles from {@code firstPause} to {@code longestPause} and is shortened at random
 * by up to a half, so that workers that failed together do not retry together.
 *
 * @param timeout after which the last failure is thrown
 */
public record RetryPolicy(Duration firstPause, Duration longestPause, Duration timeout) {
  /** Long enough to survive a restart of the store or broker. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(60));

  private static final System.Logger LOG = System.getLogger(RetryPolicy.class.getName());
  private static final long SLICE_MILLIS = 20;

  /** Failures before a warning is logged. */
  private static final int QUIET_FAILURES = 3;

  public RetryPolicy {
    if (firstPause.isNegative() || firstPause.isZero() || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException("pauses must be positive and must not shrink");
    }
  }

  /**
   * Calls the operation until it does not throw a {@link TransientException}.
   *
   * @param stop true once the result is no longer needed: no further attempt is made
   * @throws TransientException the last one, after the timeout or a stop
   */
  public <T> T withRetry(BooleanSupplier stop, Supplier<T> work) throws InterruptedException {
    long begun = System.nanoTime();
    long end = begun + timeout.toNanos();
    int failures = 0;
    while (true) {
      try {
        T result = work.get();
        if (failures >= QUIET_FAILURES) {
          double seconds = (System.nanoTime() - begun) / 1e9;
          LOG.log(System.Logger.Level.INFO, "Recovered after {0,number,0.0} s.", seconds);
        }
        return result;
      } catch (TransientException e) {
        if (++failures == QUIET_FAILURES) {
          LOG.log(
              System.Logger.Level.WARNING,
              "Retrying for up to {0} s: {1}",
              timeout.toSeconds(),
              e.getMessage());
        }
        if (System.nanoTime() - end >= 0 || !pause(pauseAfter(failures), stop)) {
          throw e;
        }
      }
    }
  }

  /** Waits for {@code firstPause}; false if stopped before. */
  public boolean pause(BooleanSupplier stop) throws InterruptedException {
    return pause(pauseAfter(1), stop);
  }

  /**
   * The pause after a number of failures.
   *
   * @param failures in a row, at least 1
   */
  public Duration pauseAfter(int failures) {
    double factor = Math.pow(2, Math.min(failures - 1, 30));
    long nanos = (long) Math.min(factor * firstPause.toNanos(), longestPause.toNanos());
    return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
  }

  private static boolean pause(Duration pause, BooleanSupplier stop) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    while (!stop.getAsBoolean()) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return true;
      }
      Thread.sleep(Math.min(left, SLICE_MILLIS));
    }
    return false;
  }
}
