package dev.mezzotint.kafka;

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
 * Reads single records by position, so that a long backlog need not be kept in memory. Not safe for
 * use by several threads.
 */
public final class RecordLookup {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private final Consumer<byte[], byte[]> consumer;

  /**
   * @param consumer without a group, used by this class only; closed by the caller
   */
  public RecordLookup(Consumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  /** Fetches the topics' metadata, so that the first lookup need not wait for it. */
  public void prepare(List<String> topics) {
    topics.forEach(consumer::partitionsFor);
  }

  /**
   * Reads the record at a position.
   *
   * @return empty if the topic no longer has it
   * @throws TransientException if the topic has it but the broker did not return it in time
   */
  public Optional<ConsumerRecord<byte[], byte[]>> at(TopicPartition partition, long offset) {
    consumer.assign(List.of(partition));
    consumer.seek(partition, offset);
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LIMIT)) {
      // If the record was compacted or has expired, the next one is returned.
      return record.offset() == offset ? Optional.of(record) : Optional.empty();
    }
    if (exists(partition, offset)) {
      throw new TransientException("the broker does not return its request");
    }
    return Optional.empty();
  }

  private boolean exists(TopicPartition partition, long offset) {
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
