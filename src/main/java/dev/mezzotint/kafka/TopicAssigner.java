package dev.mezzotint.kafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Assigns each lane the topic that it reads. A share consumer of several topics cannot prefer one,
 * so a lane reads one: by its {@link LaneSchedule}, the first topic with more waiting requests than
 * assigned lanes.
 *
 * <p>Safe for use by many threads.
 */
final class TopicAssigner {
  private final LaneSchedule schedule;
  private final TopicBacklogEstimate backlog;
  private final Predicate<String> paused;
  private final Map<Integer, String> assigned = new HashMap<>();

  TopicAssigner(LaneSchedule schedule, TopicBacklogEstimate backlog, Predicate<String> paused) {
    this.schedule = schedule;
    this.backlog = backlog;
    this.paused = paused;
  }

  /**
   * Assigns the lane to the topic where it is needed now.
   *
   * @return empty if all topics are paused
   */
  synchronized Optional<String> assign(int lane, long now) {
    assigned.remove(lane);
    Optional<String> topic = choose(lane, now);
    topic.ifPresent(name -> assigned.put(lane, name));
    return topic;
  }

  private Optional<String> choose(int lane, long now) {
    List<String> open = schedule.order(lane, now).stream().filter(t -> !paused.test(t)).toList();
    if (open.size() <= 1) {
      return open.stream().findFirst();
    }
    return open.stream()
        .filter(topic -> backlog.waiting(topic, now) > lanesOn(topic))
        .findFirst()
        .or(() -> Optional.of(schedule.homeTopic(lane)).filter(open::contains))
        .or(() -> open.stream().findFirst());
  }

  private long lanesOn(String topic) {
    return assigned.values().stream().filter(topic::equals).count();
  }

  boolean paused(String topic) {
    return paused.test(topic);
  }

  void recordFound(String topic) {
    backlog.recordFound(topic);
  }

  synchronized void recordEmpty(int lane, String topic, long now) {
    backlog.recordEmpty(topic, now, lanesOn(topic) - (topic.equals(assigned.get(lane)) ? 1 : 0));
  }
}
