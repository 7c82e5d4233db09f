package dev.mezzotint.kafka;

import java.time.Duration;

/**
 * Timing of a queue's repeated actions.
 *
 * @param releaseDelayMillis delay before the first retry of a record; doubles with each delivery
 * @param turn how long a lane stays with a topic before the schedule moves on
 */
record RetryTiming(long releaseDelayMillis, Duration turn) {
  static final RetryTiming DEFAULT = new RetryTiming(1_000, Duration.ofSeconds(10));
}
