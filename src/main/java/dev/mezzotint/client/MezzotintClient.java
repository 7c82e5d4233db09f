package dev.mezzotint.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.JobBoard;
import dev.mezzotint.board.JobBoardFeed;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.JobState;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.kafka.ControlTopic;
import dev.mezzotint.kafka.DeadLetters;
import dev.mezzotint.kafka.EventJson;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordSender;
import dev.mezzotint.kafka.TopicReader;
import dev.mezzotint.kafka.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * The {@link JobClient} that talks to the system's Kafka topics. Joins no consumer group; each
 * {@link #watch} has a consumer of its own. Close it after use.
 */
public final class MezzotintClient implements JobClient {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int LOOKUP_MILLIS = 10_000;
  private static final int BOARD_JOBS = 2_000;
  private static final Duration BOARD_LIMIT = Duration.ofSeconds(20);

  /** How far back {@link #follow} begins: clocks differ, and an event may precede the call. */
  private static final Duration FOLLOW_MARGIN = Duration.ofMinutes(10);

  private final KafkaSettings settings;
  private final Topics topics;
  private final RecordSender sender;

  public MezzotintClient(KafkaSettings settings) {
    this.settings = settings;
    this.topics = settings.topics();
    this.sender = new RecordSender(settings, "mezzotint-client");
  }

  /**
   * @param bootstrapServers {@code host:port}, comma-separated
   */
  public static MezzotintClient connect(String bootstrapServers) {
    return connect(bootstrapServers, "mezzotint", Map.of());
  }

  /**
   * @param topicsPrefix first part of the topics' names
   * @param properties further properties of Kafka's clients, such as {@code security.protocol}
   */
  public static MezzotintClient connect(
      String bootstrapServers, String topicsPrefix, Map<String, String> properties) {
    return new MezzotintClient(
        KafkaSettings.of(bootstrapServers)
            .withTopics(Topics.withPrefix(topicsPrefix))
            .withProperties(properties));
  }

  /**
   * Submits a request for images; returns once all in-sync replicas have it.
   *
   * @return the job's id
   * @throws InvalidInputException naming the field that is wrong
   */
  public String submit(ImageRequest request) {
    submit(Kind.GENERATION, request.id(), request.toJson());
    return request.id();
  }

  /** Submits a training request as {@code docs/messages.md} specifies it; returns the job's id. */
  public String train(byte[] json) {
    String id = JobId.read(JsonObject.parse(json)).value();
    submit(Kind.TRAINING, id, json);
    return id;
  }

  @Override
  public void submit(Kind kind, String id, byte[] json) {
    submit(
        kind == Kind.TRAINING ? topics.trainingRequests() : topics.generationRequests(), id, json);
  }

  /** As {@link #submit(Kind, String, byte[])}, to any request topic. */
  public void submit(String topic, String id, byte[] json) {
    var record = new ProducerRecord<>(topic, id.getBytes(UTF_8), json);
    record.headers().add("content-type", "application/json".getBytes(UTF_8));
    try {
      sender.send(record);
    } catch (RecordTooLargeException e) {
      throw new InvalidInputException(
          "",
          String.format(
                  Locale.ROOT,
                  "the request has %d bytes, more than topic %s takes; put large inputs into the"
                      + " object",
                  json.length,
                  topic)
              + " store and name them by their keys",
          e);
    }
  }

  @Override
  public void cancel(String id) {
    control(id, "cancel");
  }

  @Override
  public List<String> pause(String name) {
    return controlTopics(name, "pause");
  }

  @Override
  public List<String> resume(String name) {
    return controlTopics(name, "resume");
  }

  private List<String> controlTopics(String name, String action) {
    List<String> named = topics.resolve(name);
    named.forEach(topic -> control(ControlTopic.TOPIC_KEY + topic, action));
    return named;
  }

  private void control(String key, String action) {
    byte[] value = JsonText.write(Map.of("action", action));
    sender.send(new ProducerRecord<>(topics.control(), key.getBytes(UTF_8), value));
  }

  @Override
  public List<DeadLetterReplay.Outcome> replay(
      Optional<String> job, Optional<Instant> since, boolean asIs) {
    List<DeadLetters.Letter> letters =
        read(consumer -> DeadLetters.read(consumer, topics.deadLetters()));
    return DeadLetterReplay.of(
        letters,
        letter ->
            job.map(id -> DeadLetterReplay.concerns(letter, id)).orElse(true)
                && since.map(time -> !letter.time().isBefore(time)).orElse(true),
        asIs,
        sender::send);
  }

  /**
   * Follows a job until it ends. Also finds the end of a job that ended in the last ten minutes.
   *
   * @param onEvent called once per event that changes the job's state, in order, on this thread
   * @return the terminal event: {@code completed}, {@code failed}, {@code cancelled} or {@code
   *     expired}; empty after the time limit
   */
  public Optional<JobEvent> follow(String id, Duration limit, Consumer<JobEvent> onEvent) {
    JobState[] state = {JobState.NEW};
    return watch(
        id,
        Instant.now().minus(FOLLOW_MARGIN),
        limit,
        event -> {
          if (event.type() != JobEvent.Type.REJECTED) {
            Optional<JobState> next = state[0].after(event);
            state[0] = next.orElse(state[0]);
            next.ifPresent(changed -> onEvent.accept(event));
          }
        },
        event -> event.type().terminal());
  }

  @Override
  public Optional<JobEvent> watch(
      String id,
      Instant since,
      Duration limit,
      Consumer<JobEvent> onEvent,
      Predicate<JobEvent> last) {
    byte[] key = id.getBytes(UTF_8);
    long end = System.nanoTime() + limit.toNanos();
    return read(
        consumer -> {
          seek(consumer, since);
          while (System.nanoTime() < end) {
            TopicReader.assignAdded(consumer, List.of(topics.events()));
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
              Optional<JobEvent> event =
                  Arrays.equals(record.key(), key)
                      ? EventJson.read(record.value())
                      : Optional.empty();
              event.ifPresent(onEvent);
              if (event.filter(last).isPresent()) {
                return event;
              }
            }
          }
          return Optional.empty();
        });
  }

  @Override
  public List<BoardJob> jobs() {
    JobBoard board = new JobBoard(BOARD_JOBS);
    Map<String, List<String>> requests =
        Map.of(
            WorkerRole.GENERATION.wireName(), List.of(topics.generationRequests()),
            WorkerRole.TRAINING.wireName(), List.of(topics.trainingRequests()));
    try (JobBoardFeed feed = new JobBoardFeed(settings, requests, board, id -> false)) {
      if (!feed.awaitCaughtUp(BOARD_LIMIT)) {
        throw new TransientException(
            "the topics at " + settings.bootstrapServers() + " could not be read");
      }
      return board.newest(job -> true, Optional.empty(), BOARD_JOBS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException("interrupted while the topics were read", e);
    }
  }

  private <T> T read(Function<KafkaConsumer<byte[], byte[]>, T> reading) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(
            settings, "mezzotint-watch", Map.of("default.api.timeout.ms", LOOKUP_MILLIS))) {
      return reading.apply(consumer);
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      throw new TransientException("no Kafka broker answers at " + settings.bootstrapServers(), e);
    }
  }

  /** Assigns all partitions of the event topic; without a group, watching needs no group rights. */
  private void seek(KafkaConsumer<byte[], byte[]> consumer, Instant since) {
    List<TopicPartition> partitions = TopicReader.partitions(consumer, topics.events());
    if (partitions.isEmpty()) {
      throw new TransientException("topic " + topics.events() + " does not exist");
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    if (since.equals(Instant.EPOCH)) {
      return;
    }
    // Read before the offsets by time, so that nothing published between the two calls is missed.
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    Map<TopicPartition, Long> times =
        partitions.stream().collect(Collectors.toMap(p -> p, p -> since.toEpochMilli()));
    Map<TopicPartition, OffsetAndTimestamp> starts = consumer.offsetsForTimes(times);
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp start = starts.get(partition);
      // No offset: all records so far are older.
      consumer.seek(partition, start != null ? start.offset() : ends.getOrDefault(partition, 0L));
    }
  }

  @Override
  public void close() {
    sender.close();
  }
}
