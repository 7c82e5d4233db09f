package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that wait behind a long one, on a worker with one lane. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControlRoleTest {
  private Site site;
  private Endpoints endpoints;

  @BeforeAll
  void open(@TempDir Path folder) throws IOException {
    site = new Site(folder);
    site.set("mezzotint.lanes", "1");
    site.set("mezzotint.sweep-after-seconds", "2");
    endpoints = Endpoints.open(site.settings(""));
  }

  @AfterAll
  void close() throws IOException {
    endpoints.close();
    site.close();
  }

  private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(new byte[32]);

  /** A request over Kafka names an address; the end of its job arrives there, whatever it is. */
  @Test
  void webhooks_receiveTheEndsOfJobs() throws Exception {
    List<JsonObject> received = new CopyOnWriteArrayList<>();
    HttpServer receiver = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    receiver.createContext(
        "/",
        call -> {
          received.add(JsonObject.parse(call.getRequestBody().readAllBytes()));
          call.sendResponseHeaders(204, -1);
          call.close();
        });
    receiver.start();
    String host = "127.0.0.1:" + receiver.getAddress().getPort();
    site.set("mezzotint.webhook-hosts", host);
    site.set("mezzotint.webhook-secret", SECRET);
    String hook = ",\"webhook\":\"http://" + host + "/hook?x=1\"";
    try (Worker worker = Worker.start(site.settings("w-hooks"), endpoints);
        Tail events = site.tail(site.topics().events());
        MezzotintClient client = new MezzotintClient(endpoints.kafka())) {
      client.cancel("hook-cancelled");
      site.send(request("hook-done", hook));
      site.send(request("hook-cancelled", hook));
      site.send(request("hook-failed", hook + ",\"steps\":0"));
      site.send(request("hook-foreign", ",\"webhook\":\"https://elsewhere.example/\""));
      site.send(request("hook-none", ""));
      events.await("end without a webhook", l -> l.is("completed", "hook-none"));
      Tail.Letter foreign =
          events.await("end of the refused job", l -> l.is("failed", "hook-foreign"));
      assertThat(foreign.text("field")).isEqualTo("webhook");
      for (int i = 0; i < 600 && received.size() < 3; i++) {
        Thread.sleep(100);
      }
      assertThat(received)
          .extracting(event -> event.requiredString("jobId") + " " + event.requiredString("type"))
          .containsExactlyInAnyOrder(
              "hook-done completed", "hook-cancelled cancelled", "hook-failed failed");
      assertThat(worker.webhooks().orElseThrow().givenUp()).isZero();
    } finally {
      receiver.stop(0);
      site.set("mezzotint.webhook-hosts", "");
    }
  }

  @Test
  void webhooks_needASecret() {
    site.set("mezzotint.webhook-hosts", "hooks.example.com");
    site.set("mezzotint.webhook-secret", "");
    try {
      assertThatThrownBy(() -> ControlRole.webhookSecret(site.settings("w-hooks")))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("MEZZOTINT_WEBHOOK_SECRET_FILE is missing");
      site.set("mezzotint.webhook-hosts", "https://hooks.example.com/");
      assertThatThrownBy(() -> site.settings("w-hooks"))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("MEZZOTINT_WEBHOOK_HOSTS");
    } finally {
      site.set("mezzotint.webhook-hosts", "");
    }
    assertThat(ControlRole.webhookSecret(site.settings("w-hooks"))).isEmpty();
  }

  private static String request(String id, String more) {
    return "{\"id\":\"%s\",\"model\":\"iadb_defaults\"%s}".formatted(id, more);
  }

  @Test
  void waitingJobs_endWhenCancelledOrExpired_andTheirImagesAreSwept() throws Exception {
    String suffix = UUID.randomUUID().toString().substring(0, 4);
    UnaryOperator<String> id = name -> name + "-" + suffix;
    try (Worker worker = Worker.start(site.settings("w1"), endpoints);
        Tail events = site.tail(site.topics().events());
        MezzotintClient client = new MezzotintClient(endpoints.kafka())) {
      site.send(request(id.apply("long"), ",\"count\":5000,\"steps\":100"));
      events.await("start", l -> l.is("started", id.apply("long")));
      Instant deadline = Instant.now().plusMillis(1_500);
      site.send(request(id.apply("late"), ",\"deadline\":\"" + deadline + "\""));
      site.send(request(id.apply("waiting"), ""));
      site.send(request(id.apply("fine"), ""));
      Instant called = Instant.now();
      client.cancel(id.apply("waiting"));

      Tail.Letter cancelled =
          events.await("end of the cancelled job", l -> l.is("cancelled", id.apply("waiting")));
      tell("cancelled", called, cancelled);
      Tail.Letter expired =
          events.await("end of what is late", l -> l.is("expired", id.apply("late")));
      tell("deadline", deadline, expired);
      // The only lane still has the long job: no lane has taken the others.
      assertThat(events.now(l -> l.is("completed", id.apply("long")))).isEmpty();
      assertThat(events.now(l -> l.is("started", id.apply("fine")))).isEmpty();
      awaitImages(id.apply("long"));

      called = Instant.now();
      client.cancel(id.apply("long"));
      tell(
          "running job cancelled",
          called,
          events.await("end of the long job", l -> l.is("cancelled", id.apply("long"))));
      events.await("the job behind", l -> l.is("completed", id.apply("fine")));
      for (String name : List.of("waiting", "late", "long", "fine")) {
        List<Tail.Letter> ends =
            events.now(
                l ->
                    l.text("jobId").equals(id.apply(name))
                        && List.of("completed", "failed", "cancelled", "expired")
                            .contains(l.text("type")));
        assertThat(ends).as(name).isNotEmpty();
        assertThat(ends.stream().map(l -> l.text("id")).distinct()).as(name).hasSize(1);
      }
      awaitSwept(id.apply("long"));
      assertThat(site.store().list(Keys.images(id.apply("fine")))).hasSize(1);
      assertThat(site.store().get(Keys.manifest(id.apply("long")))).isPresent();
    }
  }

  private static void tell(String what, Instant since, Tail.Letter event) {
    Duration took = Duration.between(since, Instant.parse(event.text("time")));
    System.out.printf("%s: ended after %d ms%n", what, took.toMillis());
  }

  /** There must be something to be swept. */
  private void awaitImages(String id) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (site.store().list(Keys.images(id)).isEmpty()) {
      assertThat(System.nanoTime()).as("no picture of %s stands", id).isLessThan(end);
      Thread.sleep(50);
    }
  }

  private void awaitSwept(String id) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!site.store().list(Keys.images(id)).isEmpty()) {
      assertThat(System.nanoTime()).as("pictures of %s still stand", id).isLessThan(end);
      Thread.sleep(200);
    }
  }
}
