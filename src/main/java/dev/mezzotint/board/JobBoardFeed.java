package dev.mezzotint.board;

import dev.mezzotint.job.JobId;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.GroupOffsets;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordLookup;
import dev.mezzotint.kafka.TopicReader;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Fills a {@link JobBoard} from the event topic and the request topics. Joins no group and takes no
 * records from workers. Begins with the newest records of each partition, the events first.
 *
 * <p>Safe for use by many threads.
 */
public final class JobBoardFeed implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int LOOKUP_MILLIS = 10_000;

  /** A job has about ten events. */
  private static final long EVENTS_MAX = 40_000;

  private static final long REQUESTS_MAX = 4_000;
  private static final int POSITIONS_MAX = 10_000;

  private final KafkaSettings settings;
  private final Map<String, List<String>> topics;
  private final JobBoard board;
  private final Predicate<String> cancelled;

  /** Where the first request of each id is; guarded by itself. */
  private final Map<String, RequestPosition> positions = new LinkedHashMap<>();

  private final Object lookup = new Object();
  private final CountDownLatch caughtUp = new CountDownLatch(1);
  private final TopicReader reader;

  private record RequestPosition(TopicPartition partition, long offset) {}

  /**
   * Starts reading; the topics must exist.
   *
   * @param topics request topics by kind of job
   * @param cancelled whether a job's cancellation was requested
   */
  public JobBoardFeed(
      KafkaSettings settings,
      Map<String, List<String>> topics,
      JobBoard board,
      Predicate<String> cancelled) {
    this.settings = settings;
    this.topics = Map.copyOf(topics);
    this.board = board;
    this.cancelled = cancelled;
    this.reader = new TopicReader(settings, "job-feed", this::run);
    reader.start();
  }

  /** Waits until all records from before the start are read; returns false after the time limit. */
  public boolean awaitCaughtUp(Duration limit) throws InterruptedException {
    return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Reads a job's whole request from its topic; empty if it is unknown or no longer there.
   *
   * @throws TransientException if the broker does not answer
   */
  public Optional<byte[]> request(String id) {
    RequestPosition position;
    synchronized (positions) {
      position = positions.get(id);
    }
    if (position == null) {
      return Optional.empty();
    }
    synchronized (lookup) { // each needs a connection of its own
      try (KafkaConsumer<byte[], byte[]> consumer =
          TopicReader.consumer(
              settings, "mezzotint-request", Map.of("default.api.timeout.ms", LOOKUP_MILLIS))) {
        return new RecordLookup(consumer)
            .at(position.partition(), position.offset())
            .map(ConsumerRecord::value)
            .filter(value -> value != null && isRequestOf(value, id));
      } catch (KafkaException e) {
        throw new TransientException("the broker does not return the request of job " + id, e);
      }
    }
  }

  /** Whether this is the request that the board shows, not another one with its id. */
  private boolean isRequestOf(byte[] value, String id) {
    Optional<String> known = board.fingerprint(id);
    return known.isEmpty() || known.get().equals(JobBoard.fingerprint(JsonObject.parse(value)));
  }

  private void run() throws InterruptedException {
    try (KafkaConsumer<byte[], byte[]> consumer =
            TopicReader.consumer(
                settings, "mezzotint-board", Map.of("default.api.timeout.ms", LOOKUP_MILLIS));
        GroupOffsets offsets = new GroupOffsets(settings)) {
      List<TopicPartition> events = TopicReader.partitions(consumer, settings.topics().events());
      List<TopicPartition> requests =
          topics.values().stream()
              .flatMap(List::stream)
              .flatMap(topic -> TopicReader.partitions(consumer, topic).stream())
              .toList();
      Map<TopicPartition, Long> before = offsets.settled(requests);
      // Events first: a settled request is used only if its job is known.
      readToEnd(consumer, seek(consumer, events, EVENTS_MAX), Map.of());
      Map<TopicPartition, Long> eventsAt = positions(consumer, events);
      readToEnd(consumer, seek(consumer, requests, REQUESTS_MAX), before);
      Map<TopicPartition, Long> at = positions(consumer, requests);
      at.putAll(eventsAt);
      consumer.assign(at.keySet());
      at.forEach(consumer::seek);
      caughtUp.countDown();
      List<String> all =
          Stream.concat(
                  Stream.of(settings.topics().events()),
                  topics.values().stream().flatMap(List::stream))
              .toList();
      while (!reader.closing()) {
        TopicReader.assignAdded(consumer, all);
        consumer.poll(POLL).forEach(record -> apply(record, Map.of()));
      }
    }
  }

  private static Map<TopicPartition, Long> positions(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> at = new HashMap<>();
    partitions.forEach(partition -> at.put(partition, consumer.position(partition)));
    return at;
  }

  /** Moves to the newest {@code countMax} records of each partition; returns where they end. */
  private static Map<TopicPartition, Long> seek(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, long countMax) {
    consumer.assign(partitions);
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    ends.forEach(
        (partition, end) ->
            consumer.seek(partition, Math.max(first.getOrDefault(partition, 0L), end - countMax)));
    return ends;
  }

  private void readToEnd(
      KafkaConsumer<byte[], byte[]> consumer,
      Map<TopicPartition, Long> ends,
      Map<TopicPartition, Long> settled) {
    while (!reader.closing()
        && ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      consumer.poll(POLL).forEach(record -> apply(record, settled));
    }
  }

  private void apply(ConsumerRecord<byte[], byte[]> record, Map<TopicPartition, Long> settled) {
    if (record.value() == null) {
      return;
    }
    if (record.topic().equals(settings.topics().events())) {
      EventJson.read(record.value()).ifPresent(board::event);
      return;
    }
    Long before = settled.get(new TopicPartition(record.topic(), record.partition()));
    request(record, before != null && record.offset() < before);
  }

  private void request(ConsumerRecord<byte[], byte[]> record, boolean settled) {
    String kind =
        topics.entrySet().stream()
            .filter(entry -> entry.getValue().contains(record.topic()))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse("");
    try {
      JsonObject json = JsonObject.parse(record.value());
      JobId id = JobId.read(json);
      Instant at = Instant.ofEpochMilli(record.timestamp());
      remember(id.value(), record);
      if (settled) {
        board.settled(kind, id, json, at);
        return;
      }
      board.requested(kind, id, json, at);
      if (cancelled.test(id.value())) {
        board.cancelRequested(id.value());
      }
    } catch (InvalidInputException e) {
      // Not a job: the worker that takes it publishes a rejected event and a dead letter.
    }
  }

  private void remember(String id, ConsumerRecord<byte[], byte[]> record) {
    synchronized (positions) {
      positions.putIfAbsent(
          id,
          new RequestPosition(
              new TopicPartition(record.topic(), record.partition()), record.offset()));
      if (positions.size() > POSITIONS_MAX) {
        positions.remove(positions.keySet().iterator().next());
      }
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
