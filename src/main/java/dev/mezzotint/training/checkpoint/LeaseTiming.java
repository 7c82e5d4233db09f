package dev.mezzotint.training.checkpoint;

import java.time.Duration;

/**
 * How an attempt at a training job shows that it lives.
 *
 * @param heartbeatInterval between two signs of life in the checkpoint pointer
 * @param duration without one for so long, somebody who holds another record of the job takes over;
 *     longer than a record's lock, and several beats
 */
public record LeaseTiming(Duration heartbeatInterval, Duration duration) {
  public static final LeaseTiming DEFAULT =
      new LeaseTiming(Duration.ofSeconds(10), Duration.ofSeconds(60));

  public LeaseTiming {
    if (heartbeatInterval.isNegative()
        || heartbeatInterval.isZero()
        || duration.compareTo(heartbeatInterval.multipliedBy(3)) < 0) {
      throw new IllegalArgumentException("a lease of at least three beats, not " + duration);
    }
  }
}
