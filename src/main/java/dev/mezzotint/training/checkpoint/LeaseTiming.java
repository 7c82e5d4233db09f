package dev.mezzotint.training.checkpoint;

import java.time.Duration;

/**
 * How often the owner of a {@link CheckpointLease} renews it, and when it counts as abandoned.
 *
 * @param heartbeatInterval between two writes of the pointer by the holder
 * @param duration without a heartbeat after which another attempt may take over; at least three
 *     intervals, and longer than a record's lock
 */
public record LeaseTiming(Duration heartbeatInterval, Duration duration) {
  public LeaseTiming {
    if (heartbeatInterval.isNegative()
        || heartbeatInterval.isZero()
        || duration.compareTo(heartbeatInterval.multipliedBy(3)) < 0) {
      throw new IllegalArgumentException(
          "a lease must last at least three heartbeat intervals, not " + duration);
    }
  }
}
