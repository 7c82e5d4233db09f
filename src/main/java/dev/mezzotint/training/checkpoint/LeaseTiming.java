package dev.mezzotint.training.checkpoint;

import java.time.Duration;

/**
 * How an attempt at a training job shows that it lives.
 *
 * @param beat between two signs of life in the checkpoint pointer
 * @param lease without one for so long, somebody who holds another record of the job takes over;
 *     longer than a record's lock, and several beats
 */
public record LeaseTiming(Duration beat, Duration lease) {
  public static final LeaseTiming DEFAULT =
      new LeaseTiming(Duration.ofSeconds(10), Duration.ofSeconds(60));

  public LeaseTiming {
    if (beat.isNegative() || beat.isZero() || lease.compareTo(beat.multipliedBy(3)) < 0) {
      throw new IllegalArgumentException("a lease of at least three beats, not " + lease);
    }
  }
}
