package dev.mezzotint.kafka;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which topic each lane reads now. A share consumer that reads several cannot prefer one, so a lane
 * reads one, by its {@link LaneSchedule}, or helps where more requests wait than lanes are posted.
 *
 * <p>Safe for use by many threads.
 */
final class TopicAssigner {
  private final LaneSchedule rota;
  private final TopicBacklogEstimate backlog;
  private final Predicate<String> paused;
  private final Map<Integer, String> posted = new HashMap<>();

  TopicAssigner(LaneSchedule rota, TopicBacklogEstimate backlog, Predicate<String> paused) {
    this.rota = rota;
    this.backlog = backlog;
    this.paused = paused;
  }

  /**
   * Posts the lane where it is needed now.
   *
   * @return empty if all topics are paused
   */
  synchronized Optional<String> post(int lane, long now) {
    posted.remove(lane);
    Optional<String> topic = choose(lane, now);
    topic.ifPresent(name -> posted.put(lane, name));
    return topic;
  }

  private Optional<String> choose(int lane, long now) {
    List<String> open = rota.order(lane, now).stream().filter(t -> !paused.test(t)).toList();
    if (open.size() <= 1) {
      return open.stream().findFirst();
    }
    return open.stream()
        .filter(topic -> backlog.waiting(topic, now) > lanesAt(topic))
        .findFirst()
        .or(() -> Optional.of(rota.home(lane)).filter(open::contains))
        .or(() -> open.stream().findFirst());
  }

  private long lanesAt(String topic) {
    return posted.values().stream().filter(topic::equals).count();
  }

  boolean paused(String topic) {
    return paused.test(topic);
  }

  void found(String topic) {
    backlog.found(topic);
  }

  synchronized void nothingFound(int lane, String topic, long now) {
    backlog.nothingFound(topic, now, lanesAt(topic) - (topic.equals(posted.get(lane)) ? 1 : 0));
  }
}
