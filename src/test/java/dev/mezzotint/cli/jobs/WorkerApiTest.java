package dev.mezzotint.cli.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.mezzotint.cli.OneSystem;
import dev.mezzotint.cli.Terminal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests that commands call the worker on the same machine, and broker and store only without it.
 */
class WorkerApiTest {
  private static final String JOB =
      """
      {"id":"%s","kind":"generation","state":"%s","since":"2026-11-22T12:00:00.123Z",
       "model":"m@1","done":3,"total":9,"links":{"self":"/api/jobs/x"}%s}""";

  private final Terminal terminal = new Terminal(Path.of(""));
  private final Map<String, String> answers = new HashMap<>();
  private final List<String> calls = new ArrayList<>();
  private HttpServer server;
  private WithApi system;

  /** A system with a worker on this machine. */
  private static final class WithApi extends OneSystem {
    private final URI api;

    WithApi(URI api) {
      this.api = api;
    }

    @Override
    public Optional<URI> workerApi() {
      return Optional.of(api);
    }
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        call -> {
          String body = new String(call.getRequestBody().readAllBytes(), UTF_8);
          String name = call.getRequestMethod() + " " + call.getRequestURI();
          calls.add((name + " " + body).strip());
          String answer = answers.getOrDefault(name, "");
          int status = answer.isEmpty() ? 404 : call.getRequestMethod().equals("POST") ? 202 : 200;
          byte[] bytes = (answer.isEmpty() ? "{}" : answer).getBytes(UTF_8);
          call.sendResponseHeaders(status, bytes.length);
          call.getResponseBody().write(bytes);
          call.close();
        });
    server.start();
    system = new WithApi(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private int run(String line) {
    return terminal.run(system, line);
  }

  @Test
  void jobsList_readsPages() {
    answers.put(
        "GET /api/jobs?limit=2&state=running",
        "{\"jobs\":[" + JOB.formatted("a", "running", "") + "],\"next\":\"t~a\"}");
    answers.put(
        "GET /api/jobs?limit=1&state=running&after=t~a",
        "{\"jobs\":[" + JOB.formatted("b", "running", "") + "]}");
    assertThat(run("jobs list --state running --limit 2")).isZero();
    assertThat(terminal.stdout().lines().toList())
        .hasSize(2)
        .allMatch(line -> line.matches("2026-11-22T12:00:00Z  running    [ab] +m@1  3/9"));
    assertThat(run("jobs list --state running --limit 2 --json")).isZero();
    assertThat(terminal.stdout()).contains("\"id\":\"b\"").doesNotContain("links");
  }

  @Test
  void cancel_asksTheWorker() {
    answers.put("GET /api/jobs/a", JOB.formatted("a", "running", ""));
    answers.put("POST /api/jobs/a/cancel", "{\"id\":\"a\"}");
    assertThat(run("cancel a")).isZero();
    assertThat(terminal.stderr()).contains("cancellation requested for a");
    Instant end = Instant.now().minus(50, ChronoUnit.HOURS);
    answers.put("GET /api/jobs/b", JOB.formatted("b", "cancelled", ",\"ended\":\"" + end + "\""));
    assertThat(run("cancel b --force")).isEqualTo(1);
    assertThat(terminal.stderr())
        .isEqualTo("job b has already been cancelled 2 days ago: nothing to cancel\n");
    assertThat(calls)
        .containsExactly("GET /api/jobs/a", "POST /api/jobs/a/cancel", "GET /api/jobs/b");
    assertThat(system.asked).isEmpty();
  }

  @Test
  void cancel_ofAnUnlistedJob_asksForItsResults() {
    assertThat(run("cancel a")).isEqualTo(1);
    assertThat(terminal.stderr()).contains("there is no job a; --force");
    answers.put("GET /api/jobs/b/results?limit=1", "{\"state\":\"unknown\"}");
    assertThat(run("cancel b")).isEqualTo(1);
    answers.put("POST /api/jobs/b/cancel", "{\"id\":\"b\"}");
    assertThat(run("cancel b --force")).isZero();
    answers.put("GET /api/jobs/c/results?limit=1", "{\"state\":\"expired\"}");
    assertThat(run("cancel c --force")).isEqualTo(1);
    assertThat(terminal.stderr()).isEqualTo("job c has already expired: nothing to cancel\n");
    assertThat(system.asked).isEmpty();
  }

  @Test
  void submit_sendsToTheWorker() {
    answers.put("POST /api/jobs", "{\"id\":\"a\"}");
    assertThat(run("submit --model m --id a --steps 3")).isZero();
    assertThat(terminal.stderr()).isEqualTo("submitted a\n");
    assertThat(calls).contains("POST /api/jobs {\"id\":\"a\",\"model\":\"m\",\"steps\":3}");
    assertThat(system.asked).isEmpty();
    terminal.refuses(system, "submit --model m --steps 0", "steps must be from 1");
  }

  @Test
  void workerThatDoesNotAnswer_isReplacedByBrokerAndStore() {
    server.stop(0);
    assertThat(run("submit --model m --id a")).isZero();
    assertThat(run("cancel a --force")).isZero();
    assertThat(run("jobs list")).isZero();
    assertThat(system.asked).containsExactly("submit GENERATION a", "cancel a");
  }
}
