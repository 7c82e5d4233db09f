package dev.mezzotint.control;

import dev.mezzotint.control.PendingRequests.Position;
import dev.mezzotint.job.TransientException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads single records again, whose places are known, instead of keeping them: a backlog may be
 * long, and few of its requests are needed. Not safe for use by several threads.
 */
final class RecordLookup {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private final Consumer<byte[], byte[]> consumer;

  /**
   * @param consumer of no group, for nobody else; whoever made it closes it
   */
  RecordLookup(Consumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  /** Learns the topics' brokers, so that the first look is not to wait for that. */
  void prepare(List<String> topics) {
    topics.forEach(consumer::partitionsFor);
  }

  /**
   * The record that stands there.
   *
   * @return empty if it is gone from the topic
   * @throws TransientException if it has not come, which a silent broker does not tell from that
   */
  Optional<ConsumerRecord<byte[], byte[]>> at(Position place) {
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    consumer.assign(List.of(partition));
    consumer.seek(partition, place.offset());
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LIMIT)) {
      // Compacted or aged away, the next one would come in its place.
      return record.offset() == place.offset() ? Optional.of(record) : Optional.empty();
    }
    if (standsWithin(partition, place.offset())) {
      throw new TransientException("the broker does not give its request");
    }
    return Optional.empty();
  }

  private boolean standsWithin(TopicPartition partition, long offset) {
    try {
      Set<TopicPartition> asked = Set.of(partition);
      Map<TopicPartition, Long> first = consumer.beginningOffsets(asked, LIMIT);
      Map<TopicPartition, Long> end = consumer.endOffsets(asked, LIMIT);
      return offset >= first.getOrDefault(partition, 0L)
          && offset < end.getOrDefault(partition, Long.MAX_VALUE);
    } catch (TimeoutException e) {
      throw new TransientException("the broker does not answer", e);
    }
  }
}
