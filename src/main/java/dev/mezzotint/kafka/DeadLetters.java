package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/** The dead-letter topic: unchanged requests with headers that say why they failed. */
public final class DeadLetters {
  public static final String CAUSE = "mezzotint-cause";
  static final String FIELD = "mezzotint-field";
  public static final String JOB = "mezzotint-job";
  public static final String ATTEMPT = "mezzotint-attempt";
  public static final String TOPIC = "mezzotint-topic";
  static final String PARTITION = "mezzotint-partition";
  static final String OFFSET = "mezzotint-offset";

  /** Size of the value, where it was too large and is left out. */
  public static final String TRUNCATED = "mezzotint-truncated";

  /** The headers that a letter has in addition to those of its request. */
  public static final List<String> HEADERS =
      List.of(CAUSE, FIELD, JOB, ATTEMPT, TOPIC, PARTITION, OFFSET, TRUNCATED);

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private DeadLetters() {}

  /** A record of the dead-letter topic. */
  public record Letter(ConsumerRecord<byte[], byte[]> record) {

    /** The id of the job that failed, or that the record claims; empty if it claims none. */
    public String job() {
      return header(JOB).orElse("");
    }

    public Instant time() {
      return Instant.ofEpochMilli(record.timestamp());
    }

    /** {@code topic-partition@offset} of the letter itself. */
    public String position() {
      return record.topic() + "-" + record.partition() + "@" + record.offset();
    }

    public Optional<String> header(String name) {
      return Optional.ofNullable(record.headers().lastHeader(name))
          .map(Header::value)
          .map(value -> new String(value, UTF_8));
    }
  }

  /**
   * Reads all letters that the topic has now, oldest first.
   *
   * @throws org.apache.kafka.common.errors.TimeoutException if no broker answers
   */
  public static List<Letter> read(Consumer<byte[], byte[]> consumer, String topic) {
    List<TopicPartition> partitions = TopicReader.partitions(consumer, topic);
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    List<Letter> letters = new ArrayList<>();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      int before = letters.size();
      consumer.poll(POLL).forEach(record -> letters.add(new Letter(record)));
      if (letters.size() > before) {
        end = System.nanoTime() + LIMIT.toNanos();
      } else if (System.nanoTime() > end) {
        throw new org.apache.kafka.common.errors.TimeoutException(
            "topic " + topic + " sends no records");
      }
    }
    letters.sort(
        Comparator.comparing(Letter::time)
            .thenComparing(letter -> letter.record().partition())
            .thenComparing(letter -> letter.record().offset()));
    return letters;
  }
}
