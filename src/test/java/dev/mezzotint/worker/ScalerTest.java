package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.kafka.GroupOffsets;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.local.SharedStack;
import externalscaler.ExternalScalerGrpc;
import externalscaler.GetMetricsRequest;
import externalscaler.IsActiveResponse;
import externalscaler.MetricSpec;
import externalscaler.MetricValue;
import externalscaler.ScaledObjectRef;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The external scaler on a real broker, asked by a client made from the interface file. */
class ScalerTest {
  private static final int JOBS = 200;
  private static final double JOB_SECONDS = 2.5;
  private static final double TARGET_SECONDS = 60;

  private final Set<String> paused = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> ended = new ConcurrentHashMap<>();
  private Site site;
  private KafkaSettings kafka;
  private Autoscaling autoscaling;
  private ManagedChannel channel;
  private ExternalScalerGrpc.ExternalScalerBlockingStub scaler;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    site = new Site(folder);
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    site.set("mezzotint.scaler-port", Integer.toString(port));
    site.set("mezzotint.generation-job-seconds", Double.toString(JOB_SECONDS));
    WorkerConfig settings = site.settings("control");
    kafka = Endpoints.open(settings).kafka();
    try (KafkaCluster cluster = new KafkaCluster(kafka)) {
      cluster.ensureTopics();
    }
    autoscaling = autoscaling(settings);
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", autoscaling.port().orElseThrow())
            .usePlaintext()
            .build();
    scaler = ExternalScalerGrpc.newBlockingStub(channel);
  }

  private Autoscaling autoscaling(WorkerConfig settings) {
    return new Autoscaling(
        settings,
        kafka,
        Map.of(
            "generation", List.of(site.topics().generationRequests()),
            "training", List.of(site.topics().trainingRequests())),
        paused::contains,
        topic -> ended.getOrDefault(topic, 0L));
  }

  @AfterEach
  void close() throws Exception {
    channel.shutdownNow();
    channel.awaitTermination(5, TimeUnit.SECONDS);
    autoscaling.close();
    site.close();
  }

  private static ScaledObjectRef object(String... metadata) {
    Map<String, String> all = new HashMap<>(Map.of("scalerAddress", "mezzotint-scaler:9090"));
    for (int i = 0; i < metadata.length; i += 2) {
      all.put(metadata[i], metadata[i + 1]);
    }
    return ScaledObjectRef.newBuilder()
        .setName("mezzotint-generator")
        .setNamespace("mezzotint")
        .putAllScalerMetadata(all)
        .build();
  }

  private static ScaledObjectRef generation() {
    return object("kind", "generation", "targetSeconds", Double.toString(TARGET_SECONDS));
  }

  private double value(ScaledObjectRef of) {
    List<MetricValue> values =
        scaler
            .getMetrics(
                GetMetricsRequest.newBuilder()
                    .setScaledObjectRef(of)
                    .setMetricName("mezzotint-generation")
                    .build())
            .getMetricValuesList();
    assertThat(values).hasSize(1);
    assertThat(values.get(0).getMetricValue())
        .isEqualTo((long) Math.ceil(values.get(0).getMetricValueFloat()));
    return values.get(0).getMetricValueFloat();
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.sleep(50);
    }
  }

  private boolean known() {
    try {
      scaler.isActive(generation());
      return true;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      return false;
    }
  }

  private void send(int jobs) {
    for (int i = 0; i < jobs; i++) {
      site.send(("{\"id\":\"job-" + i + "\",\"model\":\"m\"}").getBytes(UTF_8));
    }
  }

  /** What the broker says itself. */
  private long lag() throws Exception {
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", SharedStack.get().bootstrapServers()))) {
      return admin
          .listShareGroupOffsets(Map.of(kafka.groupId(), new ListShareGroupOffsetsSpec()))
          .partitionsToOffsetInfo(kafka.groupId())
          .get(10, TimeUnit.SECONDS)
          .values()
          .stream()
          .filter(info -> info != null)
          .mapToLong(info -> info.lag().orElse(0L))
          .sum();
    }
  }

  @Test
  void figuresAreTheBrokersFromTheFirstOfTwoHundredJobsToTheLast() throws Exception {
    await("first look", this::known);
    assertThat(scaler.isActive(generation()).getResult()).isFalse();
    assertThat(value(generation())).isZero();

    // No member has joined the group yet, which is how a cluster at zero begins.
    send(JOBS);
    await("all jobs seen", () -> value(generation()) == JOBS * JOB_SECONDS);
    assertThat(scaler.isActive(generation()).getResult()).isTrue();
    assertThat(value(object("kind", "generation", "targetJobs", "1"))).isEqualTo(JOBS);
    MetricSpec spec = scaler.getMetricSpec(generation()).getMetricSpecs(0);
    assertThat(spec.getMetricName()).isEqualTo("mezzotint-generation");
    assertThat(spec.getTargetSizeFloat()).isEqualTo(TARGET_SECONDS);
    assertThat(spec.getTargetSize()).isEqualTo(60);

    earliest();
    try (KafkaShareConsumer<byte[], byte[]> worker = worker()) {
      worker.subscribe(List.of(site.topics().generationRequests()));
      int inHand = settle(worker, JOBS / 2);
      assertThat(inHand).isZero();
      await("half of them settled", () -> jobs() == JOBS / 2);
      assertThat(lag()).isEqualTo(JOBS / 2);
      // In hand and not settled: they count, or busy workers would be ended.
      List<ConsumerRecord<byte[], byte[]>> held = take(worker);
      assertThat(held).isNotEmpty();
      assertThat(lag()).isEqualTo(JOBS / 2);
      Thread.sleep(1_500); // longer than the watch's period
      assertThat(jobs()).isEqualTo(JOBS / 2);
      held.forEach(worker::acknowledge);
      worker.commitSync();
      settle(worker, JOBS / 2 - held.size());
      await("zero when idle", () -> value(generation()) == 0);
      assertThat(lag()).isZero();
      assertThat(scaler.isActive(generation()).getResult()).isFalse();
    }
  }

  /** Jobs by the external scaler, whatever they cost. */
  private long jobs() {
    return (long) value(object("kind", "generation", "targetJobs", "1"));
  }

  private void earliest() throws Exception {
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", SharedStack.get().bootstrapServers()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.GROUP, kafka.groupId()),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("share.auto.offset.reset", "earliest"),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get(10, TimeUnit.SECONDS);
    }
  }

  private KafkaShareConsumer<byte[], byte[]> worker() {
    return new KafkaShareConsumer<>(
        Map.of(
            "bootstrap.servers", SharedStack.get().bootstrapServers(),
            "group.id", kafka.groupId(),
            "share.acknowledgement.mode", "explicit",
            "share.acquire.mode", "record_limit",
            "max.poll.records", "10"),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private static List<ConsumerRecord<byte[], byte[]>> take(
      KafkaShareConsumer<byte[], byte[]> worker) {
    List<ConsumerRecord<byte[], byte[]>> taken = new java.util.ArrayList<>();
    for (int i = 0; i < 100 && taken.isEmpty(); i++) {
      worker.poll(Duration.ofMillis(200)).forEach(taken::add);
    }
    return taken;
  }

  /** Takes and settles so many, a multiple of ten. */
  private static int settle(KafkaShareConsumer<byte[], byte[]> worker, int jobs) {
    int left = jobs;
    while (left > 0) {
      List<ConsumerRecord<byte[], byte[]>> taken = take(worker);
      assertThat(taken).isNotEmpty();
      taken.forEach(worker::acknowledge);
      worker.commitSync();
      left -= taken.size();
    }
    return left;
  }

  @Test
  void theFirstJobIsPushed() throws Exception {
    await("first look", this::known);
    BlockingQueue<Object> told = new LinkedBlockingQueue<>();
    ExternalScalerGrpc.newStub(channel)
        .streamIsActive(
            generation(),
            new StreamObserver<>() {
              @Override
              public void onNext(IsActiveResponse answer) {
                told.add(answer.getResult());
              }

              @Override
              public void onError(Throwable fault) {
                told.add(fault);
              }

              @Override
              public void onCompleted() {
                told.add("over");
              }
            });
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(false);

    send(3);
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(true);
    earliest();
    try (KafkaShareConsumer<byte[], byte[]> worker = worker()) {
      worker.subscribe(List.of(site.topics().generationRequests()));
      settle(worker, 3);
    }
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(false);
    assertThat(told).isEmpty();
  }

  @Test
  void prometheusHasTheSameFigures() throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    autoscaling.register(meters);
    await("first look", this::known);
    send(4);
    await("jobs seen", () -> jobs() == 4);

    assertThat(meters.get("mezzotint.backlog.jobs").tag("kind", "generation").gauge().value())
        .isEqualTo(4);
    assertThat(
            meters
                .get("mezzotint.backlog.device.seconds")
                .tag("kind", "generation")
                .gauge()
                .value())
        .isCloseTo(value(generation()), within(1e-9));
    assertThat(meters.get("mezzotint.backlog.jobs").tag("kind", "training").gauge().value())
        .isZero();
    assertThat(meters.get("mezzotint.backlog.age.seconds").gauge().value()).isLessThan(30);
  }

  /** Else an idle device would wait for a topic that is paused. */
  @Test
  void pausedTopic_asksForNoWorkers() throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    autoscaling.register(meters);
    await("first look", this::known);
    send(4);
    await("jobs seen", () -> jobs() == 4);
    paused.add(site.topics().generationRequests());
    await("pause seen", () -> jobs() == 0);

    assertThat(scaler.isActive(generation()).getResult()).isFalse();
    for (String name : List.of("mezzotint.backlog.jobs", "mezzotint.backlog.paused")) {
      assertThat(meters.get(name).tag("kind", "generation").gauge().value()).isEqualTo(4);
    }
    paused.clear();
    await("resumed", () -> jobs() == 4);
    assertThat(scaler.isActive(generation()).getResult()).isTrue();
  }

  /** Else 400 queued jobs of 0.1 s would start as many workers as jobs of 5 s. */
  @Test
  void measuredSecondsPerJob_surviveARestart() throws Exception {
    String topic = site.topics().generationRequests();
    try (GroupOffsets offsets = new GroupOffsets(kafka)) {
      await("kept", () -> notes(offsets).containsKey(topic));
      autoscaling.close();
      offsets.saveNotes(Map.of(topic, "50.0 95.0"));
    }
    site.set("mezzotint.scaler-port", "0");
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (Autoscaling next = autoscaling(site.settings("control"))) {
      next.register(meters);
      // (5 · 2.5 s + 50 s) / (5 + 95); zero before the first look.
      await(
          "the earlier measurement counts",
          () ->
              meters
                      .get("mezzotint.backlog.seconds.per.job")
                      .tag("kind", "generation")
                      .gauge()
                      .value()
                  == 0.625);
    }
  }

  private static Map<String, String> notes(GroupOffsets offsets) {
    try {
      return offsets.notes();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Their records stay on the topic until a worker takes them, which is not worth starting one. */
  @Test
  void endedJobs_needNoWorker() throws Exception {
    await("first look", this::known);
    send(4);
    await("jobs seen", () -> jobs() == 4);
    ended.put(site.topics().generationRequests(), 3L);
    await("three have ended", () -> jobs() == 1);
    assertThat(scaler.isActive(generation()).getResult()).isTrue();
    ended.put(site.topics().generationRequests(), 4L);
    await("all have ended", () -> jobs() == 0);
    assertThat(scaler.isActive(generation()).getResult()).isFalse();
    // A worker has taken them, and the control role has not noticed yet.
    ended.put(site.topics().generationRequests(), 9L);
    await("never below zero", () -> jobs() == 0);
  }

  @Test
  void wrongMetadataIsRefusedInWords() throws Exception {
    await("first look", this::known);
    Map<ScaledObjectRef, String> wrong =
        Map.of(
            object("kind", "printing", "targetSeconds", "1"), "kind must be one of",
            object("targetSeconds", "1"), "kind must be one of",
            object("kind", "generation"), "exactly one of targetSeconds and targetJobs",
            object("kind", "generation", "targetSeconds", "1", "targetJobs", "1"), "exactly one of",
            object("kind", "generation", "targetSeconds", "-1"), "targetSeconds must be a number",
            object("kind", "generation", "targetJobs", "NaN"), "targetJobs must be a number");

    wrong.forEach(
        (of, message) ->
            assertThatThrownBy(() -> value(of))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("INVALID_ARGUMENT")
                .hasMessageContaining(message));
    assertThatThrownBy(() -> scaler.streamIsActive(object("kind", "x")).next())
        .hasMessageContaining("INVALID_ARGUMENT");
  }
}
