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
  private static final long BELIEVED_NANOS_MIN = 5_000_000_000L;
  private static final long BELIEVED_NANOS_MAX = 30_000_000_000L;

  /**
   * @param believed nanoseconds from the look to its end
   */
  private record Look(long inHand, long until, long believed) {
    boolean over(long now) {
      return now - until > 0;
    }
  }

  private final Map<String, OptionalLong> lags = new HashMap<>();
  private final Map<String, Look> looks = new HashMap<>();

  /**
   * @param lag empty if it cannot be known
   */
  synchronized void lag(String topic, OptionalLong lag) {
    lags.put(topic, lag);
    Look look = looks.get(topic);
    if (look != null && lag.isPresent() && lag.getAsLong() < look.inHand) {
      looks.put(topic, new Look(lag.getAsLong(), look.until, look.believed));
    }
  }

  /**
   * A lane has looked for long enough and found nothing.
   *
   * @param ours lanes of this worker that have, or may have, requests of the topic in hand
   */
  synchronized void nothingFound(String topic, long now, long ours) {
    Look before = looks.get(topic);
    long believed = before == null ? BELIEVED_NANOS_MIN : before.believed;
    if (before != null && before.over(now)) {
      believed = Math.min(2 * believed, BELIEVED_NANOS_MAX);
    }
    looks.put(topic, new Look(Math.max(lagOf(topic) - ours, 0), now + believed, believed));
  }

  /** A lane has found something. */
  synchronized void found(String topic) {
    looks.remove(topic);
  }

  /**
   * Requests that wait or are in this worker's hands; more than enough where nothing is known, for
   * somebody must look.
   */
  synchronized long waiting(String topic, long now) {
    Look look = looks.get(topic);
    long inHand = look == null || look.over(now) ? 0 : look.inHand;
    return lagOf(topic) - inHand;
  }

  private long lagOf(String topic) {
    return lags.getOrDefault(topic, OptionalLong.empty()).orElse(Long.MAX_VALUE);
  }
}
