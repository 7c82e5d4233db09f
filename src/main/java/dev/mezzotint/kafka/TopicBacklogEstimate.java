package dev.mezzotint.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Estimates how many requests of each topic wait for a lane: the group's lag without the requests
 * that other workers are processing, which count in the lag too.
 *
 * <p>The number of the latter is observed: when a lane polls a topic and gets nothing, all of its
 * lag is being processed. Such an observation is valid for a limited time: a short one at first,
 * since a broker that is slow to assign partitions to a new member looks the same, and a longer one
 * when the observation repeats.
 *
 * <p>Safe for use by many threads. Times are {@link System#nanoTime}'s.
 */
final class TopicBacklogEstimate {
  private static final long VALID_NANOS_MIN = 5_000_000_000L;
  private static final long VALID_NANOS_MAX = 30_000_000_000L;

  /**
   * @param heldByOthers requests that other workers were processing
   * @param until end of the validity
   * @param validNanos length of the validity
   */
  private record Observation(long heldByOthers, long until, long validNanos) {
    boolean expired(long now) {
      return now - until > 0;
    }
  }

  private final Map<String, OptionalLong> lags = new HashMap<>();
  private final Map<String, Observation> observations = new HashMap<>();

  /**
   * @param lag empty if unknown
   */
  synchronized void updateLag(String topic, OptionalLong lag) {
    lags.put(topic, lag);
    Observation look = observations.get(topic);
    if (look != null && lag.isPresent() && lag.getAsLong() < look.heldByOthers) {
      observations.put(topic, new Observation(lag.getAsLong(), look.until, look.validNanos));
    }
  }

  /**
   * A lane has polled for long enough and got nothing.
   *
   * @param ours lanes of this worker that process, or may process, requests of the topic
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

  synchronized void recordFound(String topic) {
    observations.remove(topic);
  }

  /**
   * Requests that wait or are processed by this worker; the maximum if nothing is known, so that a
   * lane polls the topic.
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
