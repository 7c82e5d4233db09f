package dev.mezzotint.faults;

import dev.mezzotint.faults.Evidence.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows the events to know when to strike and when to look. What it holds is no evidence: the
 * checker reads the topic again. Used by one thread.
 */
final class EventLog implements AutoCloseable {
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final TopicPartition topic;
  private final List<Event> seen = new ArrayList<>();
  private final Set<String> ended = new HashSet<>();

  EventLog(Site site) {
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", site.bootstrapServers()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    topic = new TopicPartition(site.topics().events(), 0);
    consumer.assign(List.of(topic));
    consumer.seekToBeginning(List.of(topic));
  }

  /** The first that fits, seen before or within this time. */
  Optional<Event> await(Duration limit, Predicate<Event> wanted) {
    long end = System.nanoTime() + limit.toNanos();
    int next = 0;
    while (true) {
      for (; next < seen.size(); next++) {
        if (wanted.test(seen.get(next))) {
          return Optional.of(seen.get(next));
        }
      }
      if (System.nanoTime() - end >= 0) {
        return Optional.empty();
      }
      poll();
    }
  }

  /** True once all of them have ended, false if that takes longer. */
  boolean awaitEnds(Set<String> jobs, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    while (!ended.containsAll(jobs)) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      poll();
    }
    return true;
  }

  boolean ended(Set<String> jobs) {
    poll();
    return ended.containsAll(jobs);
  }

  /** Where the next event will stand. */
  long end() {
    return consumer.endOffsets(List.of(topic)).get(topic);
  }

  private void poll() {
    try {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
        Event.read(record.offset(), record.value())
            .ifPresent(
                event -> {
                  seen.add(event);
                  if (event.terminal()) {
                    ended.add(event.jobId());
                  }
                });
      }
    } catch (KafkaException e) {
      // The broker may be away: that is one of the faults.
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
