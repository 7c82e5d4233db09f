package dev.mezzotint.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How many requests of each topic wait for a lane, as far as this worker can tell: the group's lag,
 * less those that other workers have in hand, which count in the lag too.
 *
 * <p>How many those are is learnt by looking: where a lane finds nothing, all of the lag is in
 * somebody's hands. That is believed for a while, no longer: shortly at first, since a broker that
 * is slow to give a new member its partitions looks the same, and for longer where it is seen
 * again.
 *
 * <p>Safe for use by many threads. Times are {@link System#nanoTime}'s.
 */
final class TopicBacklogEstimate {
  private static final long VALID_NANOS_MIN = 5_000_000_000L;
  private static final long VALID_NANOS_MAX = 30_000_000_000L;

  /**
   * @param validNanos nanoseconds from the look to its end
   */
  private record Observation(long heldByOthers, long until, long validNanos) {
    boolean expired(long now) {
      return now - until > 0;
    }
  }

  private final Map<String, OptionalLong> lags = new HashMap<>();
  private final Map<String, Observation> observations = new HashMap<>();

  /**
   * @param lag empty if it cannot be known
   */
  synchronized void updateLag(String topic, OptionalLong lag) {
    lags.put(topic, lag);
    Observation look = observations.get(topic);
    if (look != null && lag.isPresent() && lag.getAsLong() < look.heldByOthers) {
      observations.put(topic, new Observation(lag.getAsLong(), look.until, look.validNanos));
    }
  }

  /**
   * A lane has looked for long enough and found nothing.
   *
   * @param ours lanes of this worker that have, or may have, requests of the topic in hand
   */
  synchronized void recordEmpty(String topic, long now, long ours) {
    Observation before = observations.get(topic);
    long believed = before == null ? VALID_NANOS_MIN : before.validNanos;
    if (before != null && before.expired(now)) {
      believed = Math.min(2 * believed, VALID_NANOS_MAX);
    }
    observations.put(
        topic, new Observation(Math.max(lagOf(topic) - ours, 0), now + believed, believed));
  }

  /** A lane has found something. */
  synchronized void recordFound(String topic) {
    observations.remove(topic);
  }

  /**
   * Requests that wait or are in this worker's hands; more than enough where nothing is known, for
   * somebody must look.
   */
  synchronized long waiting(String topic, long now) {
    Observation look = observations.get(topic);
    long inHand = look == null || look.expired(now) ? 0 : look.heldByOthers;
    return lagOf(topic) - inHand;
  }

  private long lagOf(String topic) {
    return lags.getOrDefault(topic, OptionalLong.empty()).orElse(Long.MAX_VALUE);
  }
}
