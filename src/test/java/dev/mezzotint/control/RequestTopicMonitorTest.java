package dev.mezzotint.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.RecordSender;
import dev.mezzotint.kafka.TopicReader;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.local.SharedStack;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests that a real broker drops after their last delivery. */
class RequestTopicMonitorTest {
  private static final Duration LIMIT = Duration.ofSeconds(40);

  /** The contents of an expired request. */
  private static final String LATE = "late";

  private final Set<String> ended = ConcurrentHashMap.newKeySet();
  private final List<String> late = new CopyOnWriteArrayList<>();

  /** A request's value is its id, optionally followed by a space and contents. */
  private final PendingJobs jobs =
      new PendingJobs() {
        @Override
        public Optional<PendingRequest> read(Delivery record) {
          String[] words = new String(record.value(), UTF_8).split(" ", 2);
          String says = words.length > 1 ? words[1] : "";
          return Optional.of(
              new PendingRequest(
                  words[0],
                  says.hashCode(),
                  says.equals(LATE) ? Optional.of(Instant.EPOCH) : Optional.empty()));
        }

        @Override
        public boolean endIfOver(Delivery record) {
          return late.add(new String(record.value(), UTF_8));
        }

        @Override
        public boolean wasDropped(Delivery record) {
          return !ended.contains(new String(record.value(), UTF_8));
        }
      };

  private KafkaSettings settings;
  private String topic;

  @BeforeEach
  void connect() {
    String prefix = "tail-" + UUID.randomUUID();
    settings =
        KafkaSettings.of(SharedStack.get().bootstrapServers())
            .withTopics(Topics.withPrefix(prefix))
            .withGroupId(prefix);
    topic = settings.topics().generationRequests();
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      cluster.ensureTopics();
      cluster.ensureRequestTopics(List.of(topic));
      cluster.prepareGroup();
    }
  }

  @AfterEach
  void checkNumberOfCopies() {
    assertThat(records()).hasSizeLessThan(5);
  }

  private RequestTopicMonitor monitor() {
    return new RequestTopicMonitor(
        settings, List.of(topic), jobs, id -> false, InstantSource.system(), 1_000);
  }

  private void send(String... requests) {
    try (RecordSender sender = new RecordSender(settings, "test")) {
      for (String request : requests) {
        byte[] id = request.split(" ", 2)[0].getBytes(UTF_8);
        sender.send(new ProducerRecord<>(topic, id, request.getBytes(UTF_8)));
      }
    }
  }

  /** As the connections of a killed worker do: each releases the record. */
  private void useUpDeliveries(Set<String> dropped, Set<String> accepted) {
    Map<String, Object> config =
        settings.client(
            "test",
            Map.of("group.id", settings.groupId(), "share.acknowledgement.mode", "explicit"));
    try (KafkaShareConsumer<byte[], byte[]> consumer =
        new KafkaShareConsumer<>(
            config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      int left = 5 * dropped.size() + accepted.size();
      long end = System.nanoTime() + LIMIT.toNanos();
      while (left > 0 && System.nanoTime() < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          boolean done = accepted.contains(new String(record.value(), UTF_8));
          consumer.acknowledge(record, done ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
          left--;
        }
        consumer.commitSync();
      }
      assertThat(left).isZero();
    }
  }

  private List<String> records() {
    List<String> found = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(settings, "test", Map.of())) {
      var partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(p.topic(), p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long all = consumer.endOffsets(partitions).values().stream().mapToLong(x -> x).sum();
      while (found.size() < all) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(
                r ->
                    found.add(
                        new String(r.value(), UTF_8)
                            + (r.headers().lastHeader(Delivery.ORIGIN) == null ? "" : " again")));
      }
    }
    return found;
  }

  private void awaitRecords(String... expected) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (records().size() < expected.length && System.nanoTime() < end) {
      Thread.sleep(300);
    }
    assertThat(records()).containsExactlyInAnyOrder(expected);
  }

  /** Waits until the monitor has committed its start. */
  private void awaitPosition() throws InterruptedException {
    TopicPartition first = new TopicPartition(topic, 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        TopicReader.consumer(settings, "test", Map.of("group.id", settings.groupId() + "-tail"))) {
      long end = System.nanoTime() + LIMIT.toNanos();
      while (consumer.committed(Set.of(first)).get(first) == null && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      assertThat(consumer.committed(Set.of(first)).get(first)).isNotNull();
    }
  }

  @Test
  void droppedRequest_isSentAgain() throws Exception {
    try (RequestTopicMonitor running = monitor()) {
      send("done", "lost");
      ended.add("done");
      useUpDeliveries(Set.of("lost"), Set.of("done"));
      awaitRecords("done", "lost", "lost again");
      ended.add("lost");
      useUpDeliveries(Set.of(), Set.of("lost"));
    }
  }

  /** The process that held the record also ran the monitor. */
  @Test
  void requestDroppedWithoutAMonitor_isFoundByTheNextOne() throws Exception {
    try (RequestTopicMonitor before = monitor()) {
      assertThat(before).isNotNull();
      awaitPosition();
    }
    send("done", "lost");
    ended.add("done");
    useUpDeliveries(Set.of("lost"), Set.of("done"));
    try (RequestTopicMonitor next = monitor()) {
      awaitRecords("done", "lost", "lost again");
    }
  }

  /** Otherwise anyone who knows the id of a queued job could end it. */
  @Test
  void expiredRequestWithAQueuedOnesId_endsNothing() throws Exception {
    try (RequestTopicMonitor running = monitor()) {
      send("first", "first " + LATE, "second " + LATE);
      long end = System.nanoTime() + LIMIT.toNanos();
      while (!late.contains("second " + LATE) && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      running.cancelRequested("first");
      while (late.size() < 2 && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      assertThat(late).containsExactly("second " + LATE, "first");
      // Both records stay on the topic and need no worker.
      while (running.ended(topic) < 2 && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      assertThat(running.ended(topic)).isEqualTo(2);
    }
  }
}
