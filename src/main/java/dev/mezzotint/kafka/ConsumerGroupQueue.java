package dev.mezzotint.kafka;

import dev.mezzotint.job.DeliveryHandler;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/** Requests from a Kafka consumer group, for clusters older than 4.2. */
public final class ConsumerGroupQueue implements RequestQueue {

  /** As {@link RequestQueue#of}. */
  public ConsumerGroupQueue(
      KafkaSettings settings,
      List<String> topics,
      int lanes,
      DeliveryHandler handler,
      Predicate<String> paused) {
    if (lanes < 1) {
      throw new IllegalArgumentException("a queue needs at least one lane, not " + lanes);
    }
  }

  @Override
  public void start() {
    throw new IllegalStateException("consumer groups are not supported yet");
  }

  @Override
  public boolean drain(Duration limit) {
    return true;
  }

  @Override
  public List<LaneFigures> lanes() {
    return List.of();
  }

  @Override
  public boolean alive() {
    return true;
  }
}
