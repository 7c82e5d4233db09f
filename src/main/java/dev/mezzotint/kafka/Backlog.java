package dev.mezzotint.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How many requests of each topic wait for a lane, as far as this worker can tell: the group's lag,
 * less those that other workers have in hand, which count in the lag too.
 *
 * <p>How many those are is learnt by looking: where a lane finds nothing, all of the lag is in
 * somebody's hands. That is believed for a while, no longer.
 *
 * <p>Safe for use by many threads. Times are {@link System#nanoTime}'s.
 */
final class Backlog {
  private static final long BELIEVED_NANOS = 30_000_000_000L;

  private record Look(long inHand, long until) {}

  private final Map<String, OptionalLong> lags = new HashMap<>();
  private final Map<String, Look> looks = new HashMap<>();

  /**
   * @param lag empty if it cannot be known
   */
  synchronized void lag(String topic, OptionalLong lag) {
    lags.put(topic, lag);
    Look look = looks.get(topic);
    if (look != null && lag.isPresent() && lag.getAsLong() < look.inHand) {
      looks.put(topic, new Look(lag.getAsLong(), look.until));
    }
  }

  /**
   * A lane has looked for long enough and found nothing.
   *
   * @param ours lanes of this worker that have, or may have, requests of the topic in hand
   */
  synchronized void nothingFound(String topic, long now, long ours) {
    looks.put(topic, new Look(Math.max(lagOf(topic) - ours, 0), now + BELIEVED_NANOS));
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
    long inHand = look == null || now - look.until > 0 ? 0 : look.inHand;
    return lagOf(topic) - inHand;
  }

  private long lagOf(String topic) {
    return lags.getOrDefault(topic, OptionalLong.empty()).orElse(Long.MAX_VALUE);
  }
}
