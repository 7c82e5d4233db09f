package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.kafka.ClusterAdmin;
import dev.mezzotint.local.LocalStack;
import dev.mezzotint.worker.Packaged.Running;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged worker while its broker, store, group feature or region is wrong: never ready, few
 * lines of log of which the first says what to do, and at work again without a restart.
 */
class ClusterFaultsIT {
  /** 600 shows that the number of lines does not grow with the time. */
  private static final int OUTAGE_SECONDS = Integer.getInteger("mezzotint.test.outage.seconds", 30);

  private static final int LINES_MAX = 60;

  /** Enough for all lanes of the worker. */
  private static final int GROUP_MAX = 20;

  private static final int EXIT_SECONDS = 30;

  /** A start takes a minute on a machine that has much else to do. */
  private static final int AWAIT_SECONDS = 300;

  @TempDir Path folder;

  private LocalStack stack;
  private Site site;
  private String port;
  private Running worker;

  @BeforeEach
  void open() throws IOException {
    stack =
        LocalStack.start(
            folder.resolve("stack"),
            new LocalStack.Options(
                0, 0, Map.of("group.share.max.size", Integer.toString(GROUP_MAX))));
    site = new Site(folder, stack.addresses());
    try (ServerSocket socket = new ServerSocket(0)) {
      port = Integer.toString(socket.getLocalPort());
    }
  }

  @AfterEach
  void close() throws Exception {
    if (worker != null) {
      worker.process().destroy();
      if (!worker.ends(EXIT_SECONDS)) {
        worker.process().destroyForcibly().waitFor();
      }
    }
    site.close();
    stack.close();
  }

  private void start(Map<String, String> more) throws IOException {
    Map<String, String> environment = new HashMap<>(site.environment());
    environment.put("MEZZOTINT_HTTP_PORT", port);
    environment.put("MEZZOTINT_LANES", "14");
    environment.putAll(more);
    worker = new Packaged(folder, environment).start("worker");
  }

  private String health() {
    try {
      HttpURLConnection asked =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/q/health/ready").toURL().openConnection();
      asked.setReadTimeout(5_000);
      boolean up = asked.getResponseCode() == 200;
      try (InputStream answer = up ? asked.getInputStream() : asked.getErrorStream()) {
        return (up ? "ready " : "not ready ") + new String(answer.readAllBytes(), UTF_8);
      }
    } catch (IOException e) {
      return "";
    }
  }

  private boolean ready() {
    return health().startsWith("ready");
  }

  private void await(String what, BooleanSupplier reached) throws Exception {
    long begun = System.nanoTime();
    while (!reached.getAsBoolean()) {
      assertThat((System.nanoTime() - begun) / 1e9)
          .as(what + "\n" + health() + "\n" + worker.said())
          .isLessThan(AWAIT_SECONDS);
      assertThat(worker.process().isAlive()).as(worker.said()).isTrue();
      Thread.sleep(100);
    }
  }

  /** Lets the outage last; the worker is not ready in the meantime. */
  private void endure(String... words) throws Exception {
    await("health names it", () -> contains(health(), words));
    long end = System.nanoTime() + OUTAGE_SECONDS * 1_000_000_000L;
    while (System.nanoTime() < end) {
      String health = health();
      assertThat(health).doesNotStartWith("ready");
      // On a busy machine the worker, or broker or store for the worker, may not answer in time.
      if (!health.isEmpty() && !namesOther(health, words)) {
        assertThat(health).contains(words);
      }
      Thread.sleep(200);
    }
  }

  /** Whether it names a server that the words do not name. */
  private boolean namesOther(String health, String... words) {
    return Stream.of(stack.bootstrapServers(), stack.s3Endpoint())
        .anyMatch(server -> health.contains(server) && !String.join(" ", words).contains(server));
  }

  private static boolean contains(String text, String... words) {
    return List.of(words).stream().allMatch(text::contains);
  }

  private void assertLog(int from, String... first) throws IOException {
    List<String> lines = worker.said().lines().skip(from).toList();
    System.out.printf("%d lines in %d s%n", lines.size(), OUTAGE_SECONDS);
    assertThat(lines.size()).as(String.join("\n", lines)).isBetween(1, LINES_MAX);
    assertThat(lines.stream().filter(line -> line.contains("WARN")).findFirst().orElse(""))
        .as(String.join("\n", lines))
        .contains(first);
  }

  private void complete(String id) {
    site.send("{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"steps\":2}".formatted(id));
    awaitEnd(id);
  }

  private void awaitEnd(String id) {
    try (Tail events = site.tail(site.topics().events())) {
      events.await("end of " + id, letter -> letter.is("completed", id));
    }
  }

  private void setShareVersion(int level) throws Exception {
    try (ClusterAdmin admin = new ClusterAdmin(stack.bootstrapServers())) {
      admin.setShareVersion(level);
    }
  }

  @Test
  void shareGroupsThatAreOff() throws Exception {
    setShareVersion(0);
    start(Map.of());
    String command = "upgrade --feature share.version=1";
    endure(command, "MEZZOTINT_QUEUE=consumer-group");
    assertLog(0, command);
    setShareVersion(1);
    await("ready", this::ready);
    complete("after");
  }

  @Test
  void shareGroupsThatAreTurnedOffWhileItRuns() throws Exception {
    start(Map.of());
    await("ready", this::ready);
    complete("before");
    int before = (int) worker.said().lines().count();
    setShareVersion(0);
    String command = "upgrade --feature share.version=1";
    endure(command);
    assertLog(before, command);
    setShareVersion(1);
    await("ready", this::ready);
    complete("after");
  }

  @Test
  void brokerThatIsAway() throws Exception {
    start(Map.of());
    await("ready", this::ready);
    complete("before");
    int before = (int) worker.said().lines().count();
    stack.stopBroker();
    endure("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
    stack.startBroker();
    await("ready", this::ready);
    await("the end is logged", () -> said().contains("Ready again after"));
    assertThat(said()).containsPattern("[1-9][0-9]* repeated log lines were left out");
    assertLog(before, "KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
    complete("after");
  }

  private String said() {
    try {
      return worker.said();
    } catch (IOException e) {
      return "";
    }
  }

  /** Otherwise a device idles unseen: the pod looks like one without work. */
  @Test
  void groupThatIsFull() throws Exception {
    List<KafkaShareConsumer<byte[], byte[]>> members = new ArrayList<>();
    try {
      for (int i = 0; i < GROUP_MAX; i++) {
        KafkaShareConsumer<byte[], byte[]> member =
            new KafkaShareConsumer<>(
                Map.of(
                    "bootstrap.servers", stack.bootstrapServers(),
                    "group.id", site.environment().get("MEZZOTINT_GROUP"),
                    // Otherwise they leave after five minutes without a poll.
                    "max.poll.interval.ms", Integer.MAX_VALUE),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        members.add(member);
        member.subscribe(List.of("none"));
      }
      while (members() < GROUP_MAX) {
        members.forEach(member -> member.poll(Duration.ofMillis(10)));
      }
      start(Map.of());
      endure("group.share.max.size", "MEZZOTINT_LANES");
      List<String> faults =
          said().lines().filter(line -> line.contains("WARN") || line.contains("ERROR")).toList();
      assertThat(faults).isNotEmpty();
      // Those of the start, too.
      assertThat(said().lines()).hasSizeBetween(1, 9);
      assertThat(said()).contains("group.share.max.size");
      System.out.printf("%d lines in %d s:%n%s%n", said().lines().count(), OUTAGE_SECONDS, said());
      site.send("{\"id\":\"after\",\"model\":\"iadb_defaults\",\"steps\":2}");
    } finally {
      members.forEach(KafkaShareConsumer::close);
    }
    long free = System.currentTimeMillis();
    try (Tail events = site.tail(site.topics().events())) {
      events.await("start", letter -> letter.is("started", "after"));
      System.out.printf("started %d ms after%n", System.currentTimeMillis() - free);
      events.await("end", letter -> letter.is("completed", "after"));
    }
    await("ready", this::ready);
  }

  private int members() throws Exception {
    String group = site.environment().get("MEZZOTINT_GROUP");
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
      return admin.describeShareGroups(List.of(group)).all().get().get(group).members().size();
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(GroupIdNotFoundException.class);
      return 0;
    }
  }

  /** Jobs that arrive meanwhile wait and use up no attempts. */
  @Test
  void storeThatIsAway() throws Exception {
    start(Map.of());
    await("ready", this::ready);
    complete("before");
    int before = (int) worker.said().lines().count();
    stack.stopStore();
    for (int i = 0; i < 30; i++) {
      site.send("{\"id\":\"job-%d\",\"model\":\"iadb_defaults\",\"steps\":2}".formatted(i));
    }
    endure("object store " + stack.s3Endpoint(), "no answer");
    assertLog(before, "object store " + stack.s3Endpoint());
    stack.startStore();
    await("ready", this::ready);
    for (int i = 0; i < 30; i++) {
      awaitEnd("job-" + i);
    }
  }

  @Test
  void regionThatIsWrong() throws Exception {
    HttpServer store =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    store.createContext(
        "/",
        call -> {
          byte[] body =
              ("<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region is wrong;"
                      + " expecting 'eu-west-1'</Message></Error>")
                  .getBytes(UTF_8);
          call.getResponseHeaders().set("Content-Type", "application/xml");
          boolean head = call.getRequestMethod().equals("HEAD");
          call.sendResponseHeaders(400, head ? -1 : body.length);
          if (!head) {
            call.getResponseBody().write(body);
          }
          call.close();
        });
    store.start();
    try {
      start(Map.of("S3_ENDPOINT", "http://127.0.0.1:" + store.getAddress().getPort()));
      endure("S3_REGION=eu-west-1");
      assertLog(0, "S3_REGION=eu-west-1");
    } finally {
      store.stop(0);
    }
  }

  @Test
  void settingThatShareConsumersRefuse() throws Exception {
    start(Map.of("KAFKA_ISOLATION_LEVEL", "read_committed", "KAFKA_SESSION_TIMEOUT_MS", "30000"));
    await("ready", this::ready);
    complete("one");
  }

  @Test
  void settingThatKafkaRefuses_endsWithExitCode2() throws Exception {
    start(Map.of("KAFKA_SECURITY_PROTOCOL", "TLS"));
    assertThat(worker.ends(60)).isTrue();
    assertThat(worker.process().exitValue()).isEqualTo(2);
    assertThat(worker.said()).contains("KAFKA_SECURITY_PROTOCOL: ");
    assertThat(worker.said().lines().count()).isLessThan(5);
  }
}
