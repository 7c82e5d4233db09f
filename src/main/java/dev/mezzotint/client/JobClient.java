package dev.mezzotint.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.kafka.ControlTopic;
import dev.mezzotint.kafka.DeadLetters;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordSender;
import dev.mezzotint.kafka.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The other side of the queue: sends requests and follows their events.
 *
 * <p>Safe for use by several threads; each {@link #watch} has a consumer of its own.
 */
public final class JobClient implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(10);

  private final KafkaSettings settings;
  private final RecordSender sender;

  public JobClient(KafkaSettings settings) {
    this.settings = settings;
    this.sender = new RecordSender(settings, "mezzotint-client");
  }

  /**
   * Returns once the broker has the request on all in-sync replicas.
   *
   * @param id the record's key: the job id that also stands in the request
   * @throws InvalidInputException if the topic does not take a record of this size
   * @throws TransientException if the broker cannot be reached
   */
  public void submit(String topic, String id, byte[] json) {
    var record = new ProducerRecord<>(topic, id.getBytes(UTF_8), json);
    record.headers().add("content-type", "application/json".getBytes(UTF_8));
    try {
      sender.send(record);
    } catch (RecordTooLargeException e) {
      throw new InvalidInputException(
          "",
          "the request has "
              + json.length
              + " bytes, more than topic "
              + topic
              + " takes; put large inputs into the object store and name them by their keys",
          e);
    }
  }

  /**
   * Calls a job off, also one that no worker has seen yet; without effect on one that has ended.
   *
   * @throws TransientException if the broker cannot be reached
   */
  public void cancel(String jobId) {
    control(jobId, "cancel");
  }

  /**
   * Lets workers take nothing more from request topics; what is in hand goes on.
   *
   * @param word as {@link Topics#resolve} understands it
   * @return the topics
   * @throws TransientException if the broker cannot be reached
   */
  public List<String> pause(String word) {
    List<String> topics = settings.topics().resolve(word);
    topics.forEach(topic -> control(ControlTopic.TOPIC_KEY + topic, "pause"));
    return topics;
  }

  /** Takes {@link #pause} back. */
  public List<String> resume(String word) {
    List<String> topics = settings.topics().resolve(word);
    topics.forEach(topic -> control(ControlTopic.TOPIC_KEY + topic, "resume"));
    return topics;
  }

  private void control(String key, String action) {
    sender.send(
        new ProducerRecord<>(
            settings.topics().control(),
            key.getBytes(UTF_8),
            JsonText.write(Map.of("action", action))));
  }

  /**
   * Sends dead letters' requests back to where they came from; see {@link DeadLetterReplay} for the
   * rules.
   *
   * @param chosen which of them
   * @param asIs the requests keep their ids
   * @return what was done about each, oldest first
   * @throws TransientException if the broker cannot be reached
   */
  public List<DeadLetterReplay.Outcome> replay(Predicate<DeadLetters.Letter> chosen, boolean asIs) {
    List<DeadLetters.Letter> letters;
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      letters = DeadLetters.read(consumer, settings.topics().deadLetters());
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      throw new TransientException("no Kafka broker answers at " + settings.bootstrapServers(), e);
    }
    return DeadLetterReplay.of(letters, chosen, asIs, sender::send);
  }

  /** As below, until the job's terminal event. */
  public Optional<JobEvent> watch(
      String jobId, Instant since, Duration limit, Consumer<JobEvent> seen) {
    return watch(jobId, since, limit, seen, event -> event.type().terminal());
  }

  /**
   * Follows a job's events in the order in which they were published. An event may come more than
   * once, with the same id.
   *
   * @param since where to begin; {@link Instant#EPOCH} for all events that are kept
   * @param last whether this event ends the watch
   * @return the event that ended it; empty after the time limit
   * @throws TransientException if the broker cannot be reached
   */
  public Optional<JobEvent> watch(
      String jobId,
      Instant since,
      Duration limit,
      Consumer<JobEvent> seen,
      Predicate<JobEvent> last) {
    byte[] key = jobId.getBytes(UTF_8);
    long end = System.nanoTime() + limit.toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      seek(consumer, since);
      while (System.nanoTime() < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (!Arrays.equals(record.key(), key) || record.value() == null) {
            continue;
          }
          Optional<JobEvent> event = EventJson.read(record.value());
          event.ifPresent(seen);
          if (event.filter(last).isPresent()) {
            return event;
          }
        }
      }
      return Optional.empty();
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      throw new TransientException("no Kafka broker answers at " + settings.bootstrapServers(), e);
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        settings.client(
            "mezzotint-watch",
            Map.of(
                "enable.auto.commit", "false",
                "auto.offset.reset", "earliest",
                "default.api.timeout.ms", (int) LOOKUP_LIMIT.toMillis())),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  /** All partitions and no group: watching leaves no trace and needs no right on any group. */
  private void seek(KafkaConsumer<byte[], byte[]> consumer, Instant since) {
    List<PartitionInfo> found = consumer.partitionsFor(settings.topics().events(), LOOKUP_LIMIT);
    List<TopicPartition> partitions =
        found.stream().map(p -> new TopicPartition(p.topic(), p.partition())).toList();
    if (partitions.isEmpty()) {
      throw new TransientException("topic " + settings.topics().events() + " does not exist");
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    if (since.equals(Instant.EPOCH)) {
      return;
    }
    // Asked for before the times: what is published between the two questions must not be missed.
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    Map<TopicPartition, Long> times =
        partitions.stream().collect(Collectors.toMap(p -> p, p -> since.toEpochMilli()));
    Map<TopicPartition, OffsetAndTimestamp> starts = consumer.offsetsForTimes(times);
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp start = starts.get(partition);
      // Without a start nothing so young was there yet; what comes will be.
      consumer.seek(partition, start != null ? start.offset() : ends.getOrDefault(partition, 0L));
    }
  }

  @Override
  public void close() {
    sender.close();
  }
}
