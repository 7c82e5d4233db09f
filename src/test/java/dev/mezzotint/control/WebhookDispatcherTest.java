package dev.mezzotint.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.kafka.KafkaCluster;
import dev.mezzotint.kafka.KafkaEvents;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.kafka.Topics;
import dev.mezzotint.local.SharedStack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Webhooks from the events topic of a real broker to receivers on this machine. */
class WebhookDispatcherTest {
  private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(UTF_8);
  private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(KEY);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** How long a receiver is down; a minute is what users were promised. */
  private static final int DOWN_SECONDS = Integer.getInteger("mezzotint.test.webhook.down", 3);

  private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();
  private KafkaSettings settings;
  private KafkaEvents events;

  /** A call as it came. */
  private record Call(String id, long timestamp, String signature, byte[] body) {
    String jobId() {
      return JsonObject.parse(body).requiredString("jobId");
    }

    /** What a receiver does, by the specification of Standard Webhooks. */
    boolean signed() throws GeneralSecurityException {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
      mac.update((id + "." + timestamp + "." + new String(body, UTF_8)).getBytes(UTF_8));
      return signature.equals("v1," + Base64.getEncoder().encodeToString(mac.doFinal()));
    }
  }

  /** Answers every call with a status. */
  private final class Receiver {
    final List<Call> calls = new CopyOnWriteArrayList<>();
    final HttpServer server;
    final CountDownLatch released = new CountDownLatch(1);
    volatile int status = 204;
    volatile boolean slow;

    Receiver(int port) throws IOException {
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
      server.setExecutor(Executors.newCachedThreadPool());
      server.createContext("/", this::take);
      server.start();
      open.add(
          () -> {
            released.countDown();
            server.stop(0);
          });
    }

    private void take(HttpExchange exchange) throws IOException {
      byte[] body = exchange.getRequestBody().readAllBytes();
      var headers = exchange.getRequestHeaders();
      calls.add(
          new Call(
              headers.getFirst("webhook-id"),
              Long.parseLong(headers.getFirst("webhook-timestamp")),
              headers.getFirst("webhook-signature"),
              body));
      if (slow) {
        try {
          boolean unused = released.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      if (status >= 300 && status < 400) {
        exchange.getResponseHeaders().add("location", exchange.getRequestURI() + "/elsewhere");
      }
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
    }

    String host() {
      return "127.0.0.1:" + server.getAddress().getPort();
    }
  }

  @BeforeEach
  void connect() throws InterruptedException {
    String own = "w" + UUID.randomUUID().toString().substring(0, 8);
    settings =
        KafkaSettings.of(SharedStack.get().bootstrapServers())
            .withGroupId(own)
            .withTopics(Topics.withPrefix(own));
    new KafkaCluster(settings).ensureTopics();
    events = new KafkaEvents(settings, "");
    open.add(events);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable part : open) {
      part.close();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private WebhookDispatcher dispatcher(Duration limit, String... hosts) {
    WebhookDispatcher dispatcher =
        new WebhookDispatcher(
            settings,
            WebhookHosts.of(List.of(hosts)),
            new WebhookSender(SECRET, InstantSource.system()),
            new RetryPolicy(PAUSE, Duration.ofMinutes(5), limit));
    open.add(0, dispatcher);
    return dispatcher;
  }

  private void ended(String job, String host) {
    publish(job, JobEvent.Type.COMPLETED, host);
  }

  private void publish(String job, JobEvent.Type type, String host) {
    events.publish(
        new JobEvent(
                job + "/" + type.wireName() + "/0123",
                type,
                job,
                1,
                1_999_999,
                Instant.EPOCH,
                Map.of("images", 2))
            .withContext(
                EventContext.NONE.calling(Optional.of(URI.create("http://" + host + "/hook")))));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 1_200 && !condition.getAsBoolean(); i++) {
      Thread.sleep(50);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  @Test
  void receiverThatIsDown_getsItsCallAfterwards_once_signed() throws Exception {
    int port = freePort();
    String host = "127.0.0.1:" + port;
    WebhookDispatcher dispatcher = dispatcher(LONG, host);
    ended("late.1", host);
    publish("late.1", JobEvent.Type.PROGRESSED, host); // not an end
    await(() -> dispatcher.waiting() == 1);
    Thread.sleep(DOWN_SECONDS * 1_000L);
    assertThat(dispatcher.delivered()).isZero();
    Receiver receiver = new Receiver(port);
    await(() -> dispatcher.delivered() == 1);
    ended("late.1", host); // events may be published again
    ended("late.2", host);
    await(() -> dispatcher.delivered() == 2 && dispatcher.waiting() == 0);
    assertThat(receiver.calls).extracting(Call::jobId).containsExactly("late.1", "late.2");
    for (Call call : receiver.calls) {
      assertThat(call.signed()).isTrue();
      assertThat(call.id()).matches("evt_[0-9a-f]{32}");
      assertThat(Instant.ofEpochSecond(call.timestamp()))
          .isBetween(Instant.now().minusSeconds(120), Instant.now().plusSeconds(1));
      assertThat(JsonObject.parse(call.body()).requiredString("type")).isEqualTo("completed");
    }
    assertThat(receiver.calls.get(0).id()).isNotEqualTo(receiver.calls.get(1).id());
  }

  @Test
  void receiverThatFails_isCalledAgainUnderTheSameId_andRedirectsAreNotFollowed() throws Exception {
    Receiver receiver = new Receiver(0);
    receiver.status = 307;
    WebhookDispatcher dispatcher = dispatcher(LONG, receiver.host());
    ended("moved", receiver.host());
    await(() -> receiver.calls.size() == 2);
    receiver.status = 500;
    await(() -> receiver.calls.size() >= 3);
    receiver.status = 200;
    await(() -> dispatcher.delivered() == 1);
    assertThat(receiver.calls).extracting(Call::id).containsOnly(receiver.calls.get(0).id());
    for (Call call : receiver.calls) {
      assertThat(call.signed()).isTrue();
    }
  }

  @Test
  void restart_losesNoWebhook() throws Exception {
    int port = freePort();
    String host = "127.0.0.1:" + port;
    Receiver other = new Receiver(0);
    WebhookDispatcher first = dispatcher(LONG, host, other.host());
    ended("kept", host);
    for (int i = 0; i < 5; i++) {
      ended("other-" + i, other.host());
    }
    await(() -> first.delivered() == 5 && first.waiting() == 1);
    first.close();
    Receiver receiver = new Receiver(port);
    WebhookDispatcher second = dispatcher(LONG, host, other.host());
    await(() -> receiver.calls.size() == 1 && second.waiting() == 0);
    assertThat(receiver.calls.get(0).jobId()).isEqualTo("kept");
    second.close();
    // Everything is committed now: nothing is sent again.
    int sent = receiver.calls.size() + other.calls.size();
    WebhookDispatcher third = dispatcher(LONG, host, other.host());
    ended("last", host);
    await(() -> third.delivered() == 1);
    assertThat(receiver.calls.size() + other.calls.size()).isEqualTo(sent + 1);
  }

  @Test
  void receiverThatDoesNotAnswer_delaysNoOther() throws Exception {
    Receiver slow = new Receiver(0);
    slow.slow = true;
    Receiver good = new Receiver(0);
    Receiver unlisted = new Receiver(0);
    WebhookDispatcher dispatcher = dispatcher(LONG, slow.host(), good.host());
    for (int i = 0; i < 20; i++) {
      ended("slow-" + i, slow.host());
    }
    ended("unlisted", unlisted.host());
    ended("good", good.host());
    await(() -> dispatcher.delivered() == 1 && slow.calls.size() == 8);
    assertThat(good.calls).hasSize(1);
    assertThat(unlisted.calls).isEmpty();
    slow.released.countDown();
    await(() -> dispatcher.delivered() == 21);
    assertThat(slow.calls).extracting(Call::jobId).doesNotHaveDuplicates().hasSize(20);
  }

  @Test
  void receiverThatFailsForTheWholeLimit_isGivenUp() throws Exception {
    Receiver broken = new Receiver(0);
    broken.status = 503;
    WebhookDispatcher dispatcher = dispatcher(Duration.ofSeconds(2), broken.host());
    ended("broken-1", broken.host());
    await(() -> dispatcher.givenUp() == 1);
    assertThat(broken.calls).hasSizeGreaterThan(2);
    // Its further events get one attempt, until it answers.
    int before = broken.calls.size();
    ended("broken-2", broken.host());
    await(() -> dispatcher.givenUp() == 2);
    assertThat(broken.calls).hasSize(before + 1);
    broken.status = 200;
    ended("broken-3", broken.host());
    await(() -> dispatcher.delivered() == 1 && dispatcher.waiting() == 0);
  }

  @Test
  void receiverThatIsGone_isNotCalledAgain() throws Exception {
    Receiver receiver = new Receiver(0);
    receiver.status = 410;
    WebhookDispatcher dispatcher = dispatcher(LONG, receiver.host());
    ended("gone", receiver.host());
    await(() -> dispatcher.givenUp() == 1);
    assertThat(receiver.calls).hasSize(1);
  }

  /** Its DNS may be another's: it must not reach what only this machine can. */
  @Test
  void send_refusesAListedNameThatLeadsToThisMachineOrItsNeighbours() throws Exception {
    Receiver receiver = new Receiver(0);
    int port = receiver.server.getAddress().getPort();
    for (byte[] address :
        new byte[][] {{127, 0, 0, 1}, {(byte) 169, (byte) 254, 1, 1}, {0, 0, 0, 0}}) {
      try (WebhookSender sender =
          new WebhookSender(
              SECRET,
              InstantSource.system(),
              host -> new InetAddress[] {InetAddress.getByAddress(host, address)})) {
        URI trick = URI.create("http://hooks.example.com:" + port + "/");
        assertThatThrownBy(() -> sender.send(trick, "e", new byte[0]).get(30, TimeUnit.SECONDS))
            .hasMessageContaining("hooks.example.com leads to ");
        URI literal = URI.create("http://127.0.0.1:" + port + "/");
        assertThat(sender.send(literal, "e", new byte[0]).get(30, TimeUnit.SECONDS)).isEqualTo(204);
      }
    }
    assertThat(receiver.calls).hasSize(3);
  }

  @Test
  void secret_mustBeLongEnough() {
    for (String secret :
        List.of("", "secret", "whsec_c2hvcnQ=", "whsec_!", SECRET.substring("whsec_".length()))) {
      assertThatThrownBy(() -> WebhookSender.checkSecret(secret))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("MEZZOTINT_WEBHOOK_SECRET")
          .hasMessageContaining("24 to 64 random bytes");
    }
    WebhookSender.checkSecret(SECRET);
  }
}
