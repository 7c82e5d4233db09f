package dev.mezzotint.kafka;

import java.time.Duration;

/**
 * How fast a queue does what is done again and again.
 *
 * @param releaseDelayMillis the first pause before a record is tried again; doubles with each
 *     delivery
 * @param turn how long a lane is given to a topic before it looks at the next
 */
record RetryTiming(long releaseDelayMillis, Duration turn) {
  static final RetryTiming DEFAULT = new RetryTiming(1_000, Duration.ofSeconds(10));
}
