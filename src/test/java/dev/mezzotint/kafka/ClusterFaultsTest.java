package dev.mezzotint.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.LocalStack;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What queues and readers report, and whether they recover, on a cluster with a fault. */
class ClusterFaultsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int GROUP_MAX = 10;

  @TempDir static Path data;

  private static LocalStack stack;
  private static ClusterAdmin cluster;

  private KafkaSettings settings;
  private String topic;

  @BeforeAll
  static void start() throws IOException {
    Map<String, String> settings = new HashMap<>(ClusterAdmin.ACCESS_CONTROL);
    settings.put("group.share.max.size", Integer.toString(GROUP_MAX));
    stack = LocalStack.start(data, new LocalStack.Options(0, 0, settings));
    cluster = new ClusterAdmin(stack.bootstrapServers());
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
    stack.close();
  }

  @BeforeEach
  void connect() {
    String prefix = "p" + UUID.randomUUID().toString().substring(0, 8);
    settings =
        KafkaSettings.of(stack.bootstrapServers())
            .withTopics(Topics.withPrefix(prefix))
            .withGroupId(prefix)
            .withProperties(Map.of("metadata.max.age.ms", "1000"));
    topic = settings.topics().generationRequests();
    try (KafkaCluster own = new KafkaCluster(settings)) {
      own.ensureTopics();
    }
  }

  @AfterEach
  void permitAll() throws Exception {
    cluster.permitAll();
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!reached.getAsBoolean() && System.nanoTime() < end) {
      Thread.sleep(50);
    }
    assertThat(reached.getAsBoolean()).as(what).isTrue();
  }

  private RequestQueue queue(RequestQueue.Kind kind, CountDownLatch done) {
    return queue(kind, 2, done);
  }

  private RequestQueue queue(RequestQueue.Kind kind, int lanes, CountDownLatch done) {
    return RequestQueue.of(
        kind,
        settings,
        List.of(topic),
        lanes,
        delivery -> {
          done.countDown();
          return Settlement.ACCEPT;
        },
        paused -> false);
  }

  private void send(String to, int partition, String key, String value) {
    try (RecordSender sender = new RecordSender(settings, "test")) {
      sender.send(new ProducerRecord<>(to, partition, key.getBytes(UTF_8), value.getBytes(UTF_8)));
    }
  }

  private Optional<String> clusterProblem(RequestQueue.Kind kind) {
    try (KafkaCluster cluster = new KafkaCluster(settings)) {
      return cluster.problem(
          kind, List.of(topic, settings.topics().control()), List.of(settings.topics().events()));
    }
  }

  @Test
  void shareGroupsOff_areNamedWithTheCommand_andLanesWorkOnceTheyAreOn() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    cluster.setShareVersion(0);
    try (RequestQueue queue = queue(RequestQueue.Kind.SHARE_GROUP, done)) {
      String command =
          "kafka-features.sh --bootstrap-server "
              + stack.bootstrapServers()
              + " upgrade --feature share.version=1";
      await("it is seen", () -> clusterProblem(RequestQueue.Kind.SHARE_GROUP).isPresent());
      assertThat(clusterProblem(RequestQueue.Kind.SHARE_GROUP).orElseThrow())
          .contains("share groups are off", command, "MEZZOTINT_QUEUE=consumer-group");
      assertThat(clusterProblem(RequestQueue.Kind.CONSUMER_GROUP)).isEmpty();
      queue.start();
      assertThat(queue.problem()).isPresent();
      await(
          "lanes name the command",
          () -> queue.problem().filter(said -> said.contains(command)).isPresent());
      assertThat(queue.alive()).isTrue();
      send(topic, 0, "k", "v");

      cluster.setShareVersion(1);
      assertThat(done.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      await("a lane has joined", () -> queue.problem().isEmpty());
      assertThat(clusterProblem(RequestQueue.Kind.SHARE_GROUP)).isEmpty();
    } finally {
      cluster.setShareVersion(1);
    }
  }

  @Test
  void groupThatIsFull_isNamed_andItsFreePlacesAreTaken() throws Exception {
    CountDownLatch before = new CountDownLatch(1);
    CountDownLatch after = new CountDownLatch(1);
    try (RequestQueue first = queue(RequestQueue.Kind.SHARE_GROUP, GROUP_MAX, before);
        RequestQueue second = queue(RequestQueue.Kind.SHARE_GROUP, 2, after)) {
      first.start();
      await("the first takes all places", () -> first.members() == GROUP_MAX);
      second.start();
      await(
          "the other names the limit",
          () ->
              second
                  .problem()
                  .filter(said -> said.contains("group.share.max.size"))
                  .filter(said -> said.contains("MEZZOTINT_LANES"))
                  .isPresent());
      assertThat(second.members()).isZero();
      assertThat(second.lanes()).hasSize(2);
      assertThat(second.alive()).isTrue();
      assertThat(first.members()).isEqualTo(GROUP_MAX);

      first.close();
      send(topic, 0, "k", "v");
      assertThat(after.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      await("both lanes are members", () -> second.members() == 2);
      assertThat(second.problem()).isEmpty();
      assertThat(before.getCount()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(RequestQueue.Kind.class)
  void groupThatMayNotBeRead_isNamed_andLanesWorkOnceItMay(RequestQueue.Kind kind)
      throws Exception {
    cluster.deny(ResourceType.GROUP, settings.groupId(), PatternType.LITERAL, AclOperation.READ);
    CountDownLatch done = new CountDownLatch(1);
    try (RequestQueue queue = queue(kind, done)) {
      queue.start();
      String command = "--operation read --group " + settings.groupId();
      await(
          "lanes name the command",
          () ->
              queue
                  .problem()
                  .filter(said -> said.contains("kafka-acls.sh") && said.contains(command))
                  .isPresent());
      send(topic, 0, "k", "v");
      permitAll();
      assertThat(done.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      await("a lane has joined", () -> queue.problem().isEmpty());
    }
  }

  @Test
  void topicsThatMayNotBeUsedOrAreMissing_areNamedWithCommands() throws Exception {
    assertThat(clusterProblem(RequestQueue.Kind.SHARE_GROUP)).isEmpty();
    cluster.deny(
        ResourceType.TOPIC, settings.topics().events(), PatternType.LITERAL, AclOperation.WRITE);
    cluster.deny(ResourceType.TOPIC, topic, PatternType.LITERAL, AclOperation.READ);
    cluster.client().deleteTopics(List.of(settings.topics().control())).all().get();
    await("all are named", () -> clusterProblem(RequestQueue.Kind.SHARE_GROUP).isPresent());
    Thread.sleep(500);
    assertThat(clusterProblem(RequestQueue.Kind.SHARE_GROUP).orElseThrow())
        .contains(
            "topic " + settings.topics().control() + " is missing",
            "--create --topic " + settings.topics().control(),
            "the credentials may not write topic " + settings.topics().events(),
            "--operation write --topic " + settings.topics().events(),
            "the credentials may not read topic " + topic,
            "--operation read --topic " + topic);
  }

  @Test
  void controlTopicThatMayNotBeRead_isNamed() throws Exception {
    cluster.deny(
        ResourceType.TOPIC, settings.topics().control(), PatternType.LITERAL, AclOperation.READ);
    try (ControlTopic control = new ControlTopic(settings, job -> {})) {
      assertThat(control.awaitLoaded(Duration.ofSeconds(5))).isFalse();
      assertThat(control.failure().orElseThrow())
          .contains(settings.topics().control(), "kafka-acls.sh");
      permitAll();
      assertThat(control.awaitLoaded(LIMIT)).isTrue();
    }
  }

  @Test
  void groupOfAnotherKind_isNamed() throws Exception {
    CountDownLatch done = new CountDownLatch(2);
    send(topic, 0, "k", "v");
    try (RequestQueue first = queue(RequestQueue.Kind.CONSUMER_GROUP, done);
        RequestQueue second = queue(RequestQueue.Kind.SHARE_GROUP, done)) {
      first.start();
      await("the first has joined", () -> first.problem().isEmpty());
      second.start();
      await(
          "the other names the setting",
          () -> second.problem().filter(said -> said.contains("MEZZOTINT_GROUP")).isPresent());
    }
  }

  @ParameterizedTest
  @EnumSource(RequestQueue.Kind.class)
  void addedPartitions_areReadByQueues(RequestQueue.Kind kind) throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch all = new CountDownLatch(3);
    try (RequestQueue queue =
        RequestQueue.of(
            kind,
            settings,
            List.of(topic),
            2,
            delivery -> {
              first.countDown();
              all.countDown();
              return Settlement.ACCEPT;
            },
            paused -> false)) {
      queue.start();
      send(topic, 0, "k", "v");
      assertThat(first.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      addPartitions(topic);
      send(topic, 1, "k", "v");
      send(topic, 2, "k", "v");
      assertThat(all.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void addedPartitions_areReadByTheControlTopic() throws Exception {
    String name = settings.topics().control();
    try (ControlTopic control = new ControlTopic(settings, job -> {})) {
      assertThat(control.awaitLoaded(LIMIT)).isTrue();
      send(name, 0, "before", "{\"action\":\"cancel\"}");
      await("the old partition is read", () -> control.isCancelled("before"));
      addPartitions(name);
      send(name, 2, "after", "{\"action\":\"cancel\"}");
      await("an added one is read", () -> control.isCancelled("after"));
      send(name, 0, "again", "{\"action\":\"cancel\"}");
      await("the old one still is", () -> control.isCancelled("again"));
    }
  }

  private void addPartitions(String name) throws Exception {
    cluster.client().createPartitions(Map.of(name, NewPartitions.increaseTo(3))).all().get();
  }

  @Test
  void everyClient_refreshesItsMetadataWithinAMinute() {
    KafkaSettings plain = KafkaSettings.of("broker:9092");
    Stream.of(
            plain.client("c", Map.of()),
            plain.consumer("c", Map.of()),
            plain.shareConsumer("c", Map.of()))
        .forEach(
            config ->
                assertThat((Integer) config.get(ConsumerConfig.METADATA_MAX_AGE_CONFIG))
                    .isLessThanOrEqualTo(45_000));
  }

  /** Kafka's own list is not public: each property is tried. */
  @Test
  void propertiesThatShareConsumersRefuse_areLeftOutForThemAndKeptForOthers() {
    Map<String, String> given =
        Map.of(
            "isolation.level", "read_uncommitted",
            "session.timeout.ms", "30000",
            "auto.offset.reset", "latest",
            "enable.auto.commit", "true",
            "group.instance.id", "pod-1",
            "heartbeat.interval.ms", "9000",
            "partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor",
            "interceptor.classes", "",
            "fetch.min.bytes", "2");
    KafkaSettings all = settings.withProperties(given);
    var bytes = new ByteArrayDeserializer();
    Map<String, Object> share = all.shareConsumer("share", Map.of("group.id", "g"));
    try (var consumer = new KafkaShareConsumer<>(share, bytes, bytes)) {
      assertThat(consumer.subscription()).isEmpty();
    }
    assertThat(share).containsEntry("fetch.min.bytes", "2");
    Map<String, Object> plain = all.consumer("plain", Map.of("group.id", "g"));
    assertThat(plain)
        .containsEntry("session.timeout.ms", "30000")
        .containsEntry("heartbeat.interval.ms", "9000")
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("auto.offset.reset", "earliest")
        .containsEntry("enable.auto.commit", "false")
        .doesNotContainKey("group.instance.id");
    try (var consumer = new KafkaConsumer<>(plain, bytes, bytes)) {
      assertThat(consumer.subscription()).isEmpty();
    }
    for (String name : ConsumerConfig.configNames()) {
      Map<String, Object> config =
          settings
              .withProperties(Map.of(name, "org.apache.kafka.Nothing"))
              .shareConsumer("share", Map.of("group.id", "g"));
      try (var consumer = new KafkaShareConsumer<>(config, bytes, bytes)) {
        assertThat(consumer.subscription()).isEmpty();
      } catch (RuntimeException e) {
        assertThat(e).as(name).hasMessageNotContaining("share group");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RequestQueue.Kind.class)
  void propertiesOfConsumers_preventNoQueue(RequestQueue.Kind kind) throws Exception {
    settings =
        settings.withProperties(
            Map.of(
                "isolation.level", "read_committed",
                "session.timeout.ms", "20000",
                "auto.offset.reset", "latest",
                "enable.auto.commit", "true",
                "group.instance.id", "pod-1",
                "group.protocol", "consumer",
                "transactional.id", "t",
                "group.id", "another"));
    CountDownLatch done = new CountDownLatch(1);
    send(topic, 0, "k", "v");
    try (RequestQueue queue = queue(kind, done)) {
      queue.start();
      assertThat(done.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      await("a lane has joined", () -> queue.problem().isEmpty());
    }
  }

  static List<Map<String, String>> invalidProperties() {
    return List.of(
        Map.of("security.protocol", "TLS"),
        Map.of("fetch.min.bytes", "many"),
        Map.of("isolation.level", "committed"),
        Map.of("acks", "most"),
        Map.of("retries", "-1"));
  }

  @ParameterizedTest
  @MethodSource("invalidProperties")
  void invalidProperties_areRefusedByTheirVariable(Map<String, String> given) {
    String variable = KafkaErrors.variable(given.keySet().iterator().next());
    assertThatThrownBy(() -> settings.withProperties(given).checked())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(variable + ": ");
  }

  @Test
  void propertiesThatContradictEachOther_areRefusedByTheirVariable() {
    Map<Map<String, String>, String> cases =
        Map.of(
            Map.of("max.in.flight.requests.per.connection", "10"),
            "KAFKA_MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION",
            Map.of("security.protocol", "SASL_PLAINTEXT"),
            "KAFKA_SASL_JAAS_CONFIG",
            Map.of(
                "security.protocol",
                "SSL",
                "ssl.truststore.type",
                "PEM",
                "ssl.truststore.location",
                "/no/such/ca.pem"),
            "KAFKA_SSL_TRUSTSTORE_LOCATION");
    cases.forEach(
        (given, variable) ->
            assertThatThrownBy(
                    () -> new RecordSender(settings.withProperties(given).checked(), "test"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(variable + ": "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-host.invalid:9092", "127.0.0.1:1"})
  void brokersThatCannotBeReached_areNamedAndWaitedFor(String servers) {
    KafkaSettings away =
        new KafkaSettings(
            servers, Map.of(), settings.topics(), "g", Optional.empty(), settings.source());
    assertThatThrownBy(
            () -> {
              try (KafkaCluster cluster = new KafkaCluster(away, Duration.ofSeconds(2))) {
                cluster
                    .problem(RequestQueue.Kind.SHARE_GROUP, List.of(), List.of())
                    .ifPresent(
                        said -> {
                          throw new TransientException(said);
                        });
              }
            })
        .isInstanceOf(TransientException.class)
        .hasMessageContaining(servers)
        .hasMessageContaining("check KAFKA_BOOTSTRAP_SERVERS");
  }

  @Test
  void listenerThatDoesNotSpeakKafka_isNamed() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      KafkaSettings other =
          new KafkaSettings(
              "127.0.0.1:" + silent.getLocalPort(),
              Map.of(),
              settings.topics(),
              "g",
              Optional.empty(),
              settings.source());
      try (KafkaCluster cluster = new KafkaCluster(other, Duration.ofSeconds(2))) {
        assertThat(
                cluster.problem(RequestQueue.Kind.SHARE_GROUP, List.of(), List.of()).orElseThrow())
            .contains("accepts connections", "KAFKA_SECURITY_PROTOCOL");
      }
    }
  }

  @Test
  void cancellationInAnAbortedTransaction_cancelsNothing() throws Exception {
    String name = settings.topics().control();
    byte[] cancel = "{\"action\":\"cancel\"}".getBytes(UTF_8);
    Map<String, Object> transactional = settings.client("test", Map.of("transactional.id", "t"));
    try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                transactional, new ByteArraySerializer(), new ByteArraySerializer());
        ControlTopic control = new ControlTopic(settings, job -> {})) {
      producer.initTransactions();
      Consumer<String> put =
          id -> producer.send(new ProducerRecord<>(name, id.getBytes(UTF_8), cancel));
      producer.beginTransaction();
      put.accept("aborted");
      producer.flush();
      producer.abortTransaction();
      producer.beginTransaction();
      put.accept("committed");
      producer.commitTransaction();
      await("the committed one is read", () -> control.isCancelled("committed"));
      assertThat(control.isCancelled("aborted")).isFalse();
    }
  }
}
