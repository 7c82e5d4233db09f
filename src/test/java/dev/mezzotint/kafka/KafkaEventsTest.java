package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.client.DeadLetterReplay;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.local.SharedStack;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;

class KafkaEventsTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final KafkaSettings settings =
      KafkaSettings.of(SharedStack.get().bootstrapServers())
          .withTopics(Topics.withPrefix("t" + UUID.randomUUID()));

  @Test
  void publish_writesCloudEventsInBinaryMode() {
    JobEvent event = event("job-1", JobEvent.Type.STARTED, 7, Map.of("model", "m@1"));
    try (KafkaEvents events = new KafkaEvents(settings, "")) {
      events.publish(event);
    }
    ConsumerRecord<byte[], byte[]> record = read(settings.topics().events(), 1).get(0);

    assertThat(record.key()).asString(UTF_8).isEqualTo("job-1");
    assertThat(headers(record))
        .containsEntry("ce_specversion", "1.0")
        .containsEntry("ce_id", event.id())
        .containsEntry("ce_source", "/mezzotint")
        .containsEntry("ce_type", "dev.mezzotint.job.started")
        .containsEntry("ce_time", "2026-01-02T03:04:05.006Z")
        .containsEntry("ce_subject", "job-1")
        .containsEntry("ce_partitionkey", "job-1")
        .containsEntry("ce_sequence", "000000000007")
        .containsEntry("content-type", "application/json");
    assertThat(JsonObject.parse(record.value()).toMap())
        .isEqualTo(
            Map.of(
                "id", event.id(),
                "type", "started",
                "jobId", "job-1",
                "attempt", 2,
                "sequence", 7,
                "time", "2026-01-02T03:04:05.006Z",
                "model", "m@1"));
  }

  @Test
  void publish_addsTheRequestsContextAndTheManifestsUri() {
    EventContext context =
        EventContext.of(
            new Delivery(
                "requests",
                0,
                7,
                1,
                new byte[0],
                headers(
                    "ce_id", "order-77",
                    "ce_correlationid", "campaign-3",
                    "ce_expirytime", "2099-01-01T01:00:00+01:00",
                    "traceparent", TRACE,
                    "tracestate", "vendor=1",
                    "x-private", "stays")));
    try (KafkaEvents events = new KafkaEvents(settings, "s3://bucket/")) {
      events.publish(
          event("j", JobEvent.Type.COMPLETED, 9, Map.of("manifest", "jobs/j/manifest.json"))
              .withContext(context));
      events.publish(event("k", JobEvent.Type.STARTED, 2, Map.of()));
    }
    List<ConsumerRecord<byte[], byte[]>> records = read(settings.topics().events(), 2);

    assertThat(headers(records.get(0)))
        .containsEntry("ce_dataref", "s3://bucket/jobs/j/manifest.json")
        .containsEntry("ce_causationid", "order-77")
        .containsEntry("ce_correlationid", "campaign-3")
        .containsEntry("ce_expirytime", "2099-01-01T00:00:00Z")
        .containsEntry("traceparent", TRACE)
        .containsEntry("tracestate", "vendor=1")
        .doesNotContainKey("x-private");
    assertThat(headers(records.get(1)))
        .containsEntry("ce_correlationid", "k")
        .doesNotContainKeys(
            "ce_dataref", "ce_causationid", "ce_expirytime", "traceparent", "tracestate");
  }

  @Test
  void replay_sendsDeadLettersBackToTheirTopics() {
    new KafkaCluster(settings).ensureTopics();
    String requests = settings.topics().generationRequests();
    try (KafkaEvents events = new KafkaEvents(settings, "");
        MezzotintClient client = new MezzotintClient(settings)) {
      for (String id : List.of("a", "b")) {
        byte[] body = ("{\"id\":\"" + id + "\"}").getBytes(UTF_8);
        Delivery delivery =
            new Delivery(requests, 0, 1, 1, id.getBytes(UTF_8), body, headers("x", "y"));
        events.deadLetter(delivery, id, 1, "steps", "wrong");
      }
      Instant between = Instant.now().plusSeconds(60);
      assertThat(client.replay(Optional.empty(), Optional.of(between), false)).isEmpty();
      List<DeadLetterReplay.Outcome> outcomes =
          client.replay(Optional.of("b"), Optional.empty(), /* asIs= */ false);
      assertThat(outcomes)
          .containsExactly(
              new DeadLetterReplay.Outcome(
                  settings.topics().deadLetters() + "-0@1", requests, "b", "b.r1", ""));
    }
    ConsumerRecord<byte[], byte[]> record = read(requests, 1).get(0);
    assertThat(record.key()).asString(UTF_8).isEqualTo("b");
    assertThat(record.value()).asString(UTF_8).isEqualTo("{\"id\":\"b.r1\"}");
    assertThat(headers(record))
        .containsOnly(
            Map.entry("x", "y"),
            Map.entry("ce_causationid", "b"),
            Map.entry("ce_correlationid", "b"),
            Map.entry("mezzotint-replayed-from", settings.topics().deadLetters() + "-0@1"));
  }

  @Test
  void pause_isKnownWhenLoaded_andResumeIsNoticed() throws Exception {
    new KafkaCluster(settings).ensureTopics();
    String requests = settings.topics().generationRequests();
    try (MezzotintClient client = new MezzotintClient(settings)) {
      assertThat(client.pause("generation"))
          .containsExactly(requests + ".high", requests, requests + ".low");
      assertThat(client.resume(requests + ".low")).containsExactly(requests + ".low");
      assertThatThrownBy(() -> client.pause("nonsense"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("nonsense")
          .hasMessageContaining(requests);
      client.cancel("topic");
      try (ControlTopic control = new ControlTopic(settings, job -> {})) {
        assertThat(control.awaitLoaded(LIMIT)).isTrue();
        assertThat(control.paused(requests)).isTrue();
        assertThat(control.paused(requests + ".high")).isTrue();
        assertThat(control.paused(requests + ".low")).isFalse();
        assertThat(control.paused(settings.topics().trainingRequests())).isFalse();
        assertThat(control.isCancelled("topic")).isTrue();

        client.resume("generation");
        long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        while (control.paused(requests) && System.nanoTime() < end) {
          Thread.sleep(10);
        }
        assertThat(control.paused(requests)).isFalse();
      }
    }
  }

  @Test
  void watch_readsTheJobsEventsInOrderUntilTheTerminalOne() {
    new KafkaCluster(settings).ensureTopics();
    List<JobEvent> sent =
        List.of(
            event("a", JobEvent.Type.ACCEPTED, 0, Map.of()),
            event("a", JobEvent.Type.PROGRESSED, 1, Map.of("step", 5, "steps", 10)),
            event("a", JobEvent.Type.REJECTED, 2, Map.of()),
            event("a", JobEvent.Type.COMPLETED, 3, Map.of("images", List.of("k1", "k2"))));
    try (KafkaEvents events = new KafkaEvents(settings, "");
        MezzotintClient client = new MezzotintClient(settings)) {
      for (JobEvent event : sent) {
        events.publish(event);
        events.publishLater(event("b", JobEvent.Type.COMPLETED, 0, Map.of()));
      }
      List<JobEvent> seen = new ArrayList<>();
      Optional<JobEvent> last =
          client.watch("a", Instant.EPOCH, LIMIT, seen::add, e -> e.type().terminal());

      assertThat(seen).isEqualTo(sent);
      assertThat(last).contains(sent.get(3));
      assertThat(
              client.watch(
                  "a", Instant.now().plusSeconds(60), Duration.ofSeconds(1), e -> {}, e -> true))
          .isEmpty();
      assertThat(
              client.watch(
                  "a", Instant.EPOCH, LIMIT, e -> {}, e -> e.type() == JobEvent.Type.REJECTED))
          .contains(sent.get(2));
    }
  }

  @Test
  void publish_ofATooLargeEvent_omitsItsLargeMembers() {
    // The broker's own limit is 8 MiB.
    JobEvent huge =
        event(
            "h",
            JobEvent.Type.FAILED,
            1,
            Map.of("cause", "x".repeat(9 << 20), "manifest", "m", "images", List.of("i")));
    try (KafkaEvents events = new KafkaEvents(settings, "")) {
      events.publish(huge);
    }
    JsonObject value = JsonObject.parse(read(settings.topics().events(), 1).get(0).value());

    assertThat(value.requiredString("id")).isEqualTo(huge.id());
    assertThat(value.bool("truncated")).contains(true);
    assertThat(value.requiredString("cause")).startsWith("xxx").hasSizeLessThan(3000);
    assertThat(value.requiredString("manifest")).isEqualTo("m");
    assertThat(value.has("images")).isFalse();
  }

  @Test
  void deadLetter_isTheRecordWithTheCause() {
    byte[] noise = new byte[2 << 20];
    new java.util.Random(3).nextBytes(noise);
    Delivery delivery =
        new Delivery(
            "requests",
            3,
            42,
            2,
            "key".getBytes(UTF_8),
            noise,
            List.of(
                Map.entry("traceparent", "00-1".getBytes(UTF_8)),
                Map.entry("mezzotint-cause", "of an earlier death".getBytes(UTF_8))));
    new KafkaCluster(settings).ensureTopics();
    try (KafkaEvents events = new KafkaEvents(settings, "")) {
      events.deadLetter(delivery, "job-9", 2, "steps", "steps must be from 1 to 1000, not 0");
    }
    ConsumerRecord<byte[], byte[]> record = read(settings.topics().deadLetters(), 1).get(0);

    assertThat(record.key()).asString(UTF_8).isEqualTo("key");
    assertThat(record.value()).isEqualTo(noise);
    assertThat(headers(record))
        .containsEntry("traceparent", "00-1")
        .containsEntry("mezzotint-cause", "steps must be from 1 to 1000, not 0")
        .containsEntry("mezzotint-field", "steps")
        .containsEntry("mezzotint-job", "job-9")
        .containsEntry("mezzotint-attempt", "2")
        .containsEntry("mezzotint-topic", "requests")
        .containsEntry("mezzotint-partition", "3")
        .containsEntry("mezzotint-offset", "42")
        .doesNotContainKey("mezzotint-truncated");
  }

  @Test
  void deadLetter_tooLargeForItsTopic_keepsItsCause() {
    Delivery delivery = new Delivery("requests", 0, 1, 1, null, new byte[9 << 20], List.of());
    try (KafkaEvents events = new KafkaEvents(settings, "")) {
      events.deadLetter(delivery, "", 0, "", "is not valid JSON");
    }
    ConsumerRecord<byte[], byte[]> record = read(settings.topics().deadLetters(), 1).get(0);

    assertThat(record.value()).isEmpty();
    assertThat(headers(record))
        .containsEntry("mezzotint-truncated", Integer.toString(9 << 20))
        .containsEntry("mezzotint-cause", "is not valid JSON");
  }

  @Test
  void submit_aboveFourMebibytes_isRefused() {
    new KafkaCluster(settings).ensureTopics();
    String topic = settings.topics().generationRequests();
    try (MezzotintClient client = new MezzotintClient(settings)) {
      client.submit(topic, "fits", new byte[(4 << 20) - 1024]);
      assertThatThrownBy(() -> client.submit(topic, "large", new byte[5 << 20]))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(topic)
          .hasMessageContaining("object store");
    }
    ConsumerRecord<byte[], byte[]> record = read(topic, 1).get(0);
    assertThat(record.key()).asString(UTF_8).isEqualTo("fits");
  }

  @Test
  void publish_withoutABroker_throwsTransientException() {
    KafkaSettings unreachable =
        KafkaSettings.of("127.0.0.1:1").withProperties(Map.of("reconnect.backoff.ms", "100"));
    try (KafkaCluster cluster = new KafkaCluster(unreachable, Duration.ofSeconds(1))) {
      assertThatThrownBy(cluster::ensureTopics)
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("KAFKA_BOOTSTRAP_SERVERS");
    }
  }

  private static JobEvent event(
      String job, JobEvent.Type type, long sequence, Map<String, Object> data) {
    return new JobEvent(
        UUID.randomUUID().toString(),
        type,
        job,
        2,
        sequence,
        Instant.parse("2026-01-02T03:04:05.006Z"),
        data);
  }

  private static List<Map.Entry<String, byte[]>> headers(String... namesAndValues) {
    List<Map.Entry<String, byte[]>> headers = new ArrayList<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(Map.entry(namesAndValues[i], namesAndValues[i + 1].getBytes(UTF_8)));
    }
    return headers;
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    return StreamSupport.stream(record.headers().spliterator(), false)
        .collect(Collectors.toMap(h -> h.key(), h -> new String(h.value(), UTF_8)));
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic, int count) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            settings.client("test", Map.of("auto.offset.reset", "earliest")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      long end = System.nanoTime() + LIMIT.toNanos();
      while (records.size() < count && System.nanoTime() < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    assertThat(records).hasSize(count);
    return records;
  }
}
