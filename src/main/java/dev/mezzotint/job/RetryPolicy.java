package dev.mezzotint.job;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Tries again what failed for a passing reason, while the record's lock is held: the broker hands a
 * released record out again at once, so waiting is done here.
 *
 * <p>The pause doubles from {@code first} to {@code longest} and is shortened at random by up to a
 * half, so that workers which failed together do not come back together.
 *
 * @param total after it the last failure is the caller's
 */
public record RetryPolicy(Duration first, Duration longest, Duration total) {
  /** Rides out the restart of a store or broker. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(60));

  private static final System.Logger LOG = System.getLogger(RetryPolicy.class.getName());
  private static final long SLICE_MILLIS = 20;

  /** Failures before a word about it: one or two are nothing that anybody could mend. */
  private static final int QUIET_FAILURES = 3;

  public RetryPolicy {
    if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException("pauses must be positive and must not shrink");
    }
  }

  /**
   * @param stop true once nobody waits for the outcome: then no further try is made
   * @throws TransientException the last one, when time is up or {@code stop} says so
   */
  public <T> T withRetry(BooleanSupplier stop, Supplier<T> work) throws InterruptedException {
    long begun = System.nanoTime();
    long end = begun + total.toNanos();
    long pauseMillis = first.toMillis();
    int failures = 0;
    while (true) {
      try {
        T result = work.get();
        if (failures >= QUIET_FAILURES) {
          double seconds = (System.nanoTime() - begun) / 1e9;
          LOG.log(System.Logger.Level.INFO, "Goes on after {0,number,0.0} s.", seconds);
        }
        return result;
      } catch (TransientException e) {
        if (++failures == QUIET_FAILURES) {
          LOG.log(
              System.Logger.Level.WARNING,
              "Tries again for up to {0} s: {1}",
              total.toSeconds(),
              e.getMessage());
        }
        if (System.nanoTime() - end >= 0 || !pause(pauseMillis, stop)) {
          throw e;
        }
      }
      pauseMillis = Math.min(2 * pauseMillis, longest.toMillis());
    }
  }

  /** As {@link #withRetry}, for work without a result. */
  public void withRetry(BooleanSupplier stop, Runnable work) throws InterruptedException {
    withRetry(
        stop,
        () -> {
          work.run();
          return true;
        });
  }

  /** Waits for the first pause of a series; false if stopped before. */
  public boolean pause(BooleanSupplier stop) throws InterruptedException {
    return pause(first.toMillis(), stop);
  }

  private static boolean pause(long millis, BooleanSupplier stop) throws InterruptedException {
    long jittered = millis - ThreadLocalRandom.current().nextLong(millis / 2 + 1);
    long end = System.nanoTime() + jittered * 1_000_000;
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
