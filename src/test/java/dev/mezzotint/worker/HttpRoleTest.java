package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mezzotint.http.ConnectionLimits;
import dev.mezzotint.http.FrontTestProfile;
import dev.mezzotint.page.LivePage;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The REST front of a worker with broker and store, and the commands of docs/http.md. */
@QuarkusTest
@TestProfile(FrontTestProfile.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HttpRoleTest {
  private static final Path CURL = Path.of("/usr/bin/curl");
  private static final Path BASH = Path.of("/bin/bash");

  @TempDir static Path folder;

  private static LivePage page;

  @BeforeAll
  static void start() throws IOException {
    page = new LivePage(folder, List.of("avatars-32", "drive-64"));
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  @Test
  @Order(1)
  void submit_runsTheJobAndListsItsFiles() throws Exception {
    HttpResponse<String> answer =
        page.post(
            "/api/jobs", "{\"id\":\"http-1\",\"model\":\"iadb_defaults\",\"count\":3,\"steps\":4}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    assertThat(page.json("/api/jobs/http-1/results").path("state").asText())
        .isIn("queued", "running", "completed");
    page.awaitState("http-1", "completed");
    JsonNode results = page.json("/api/jobs/http-1/results");
    assertThat(results.path("images")).hasSize(3);
    JsonNode first = results.path("images").get(0);
    HttpResponse<byte[]> signed = page.bytes(first.path("link").asText());
    HttpResponse<byte[]> streamed = page.bytes(page.base() + first.path("path").asText());
    assertThat(signed.statusCode()).isEqualTo(200);
    assertThat(streamed.body()).isEqualTo(signed.body());
    byte[] large = new byte[9_000_000];
    new java.util.Random(1).nextBytes(large);
    page.site.store().put("jobs/http-1/log.csv", large, "text/csv");
    HttpResponse<byte[]> pieces = page.bytes(page.base() + "/api/jobs/http-1/files/log.csv");
    assertThat(pieces.body()).isEqualTo(large);
    assertThat(streamed.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("default-src 'none'");
    JsonNode models = page.json("/api/models").path("models");
    assertThat(models.findValuesAsText("name")).contains("iadb_defaults");
    assertThat(models.get(models.size() - 1).path("width").asInt()).isEqualTo(16);
  }

  @Test
  @Order(2)
  void events_followAJob() throws Exception {
    HttpResponse<java.util.stream.Stream<String>> stream = page.lines("/api/events?job=http-2");
    page.post("/api/jobs", "{\"id\":\"http-2\",\"model\":\"iadb_defaults\",\"steps\":2}");
    List<String> states =
        stream
            .body()
            .filter(line -> line.startsWith("data: {\"id\":\"http-2\""))
            .map(line -> line.replaceAll(".*\"state\":\"([a-z]+)\".*", "$1"))
            .takeWhile(state -> !state.equals("completed"))
            .collect(Collectors.toList());
    assertThat(states).startsWith("queued").contains("running");
  }

  @Test
  @Order(3)
  void undecodableCalls_holdNoPlace() throws Exception {
    for (int i = 0; i < 250; i++) { // more than are answered at once
      try (Socket socket = new Socket("127.0.0.1", URI.create(page.base()).getPort())) {
        socket
            .getOutputStream()
            .write(
                "GET /?a=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes());
        assertThat(new String(socket.getInputStream().readAllBytes())).startsWith("HTTP/1.1 4");
      }
    }
    assertThat(page.get("/api/jobs").statusCode()).isEqualTo(200);
  }

  @Test
  @Order(4)
  void largeBodiesAndForeignPaths_areRefused() throws Exception {
    String huge = "{\"id\":\"" + "x".repeat(2 << 20) + "\"}";
    assertThat(page.post("/api/jobs", huge).statusCode()).isEqualTo(413);
    assertThat(page.get("/api/jobs/..%2f..%2fmodels").statusCode()).isEqualTo(404);
    assertThat(page.get("/api/jobs/http-1/files/..%2f..%2f..%2fprobe").statusCode()).isEqualTo(404);
  }

  private static Socket call(String head) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(16 << 10);
    socket.connect(new InetSocketAddress("127.0.0.1", URI.create(page.base()).getPort()));
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write((head + "\r\nHost: localhost\r\n\r\n").getBytes());
    return socket;
  }

  private static String answer(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12));
  }

  @Test
  @Order(5)
  void refusedCalls_areAnsweredBeforeTheirBody() throws Exception {
    String body = " HTTP/1.1\r\nContent-Length: 1000000\r\nContent-Type: ";
    try (Socket form = call("POST /api/jobs" + body + "text/plain");
        Socket known = call("POST /api/jobs" + body + "application/json")) {
      assertThat(answer(form)).isEqualTo("HTTP/1.1 415");
      known.setSoTimeout(500);
      assertThatThrownBy(() -> answer(known)).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  @Order(6)
  void unsentBodies_holdLimitedPlacesAndReleaseThem() throws Exception {
    String post = "POST /api/jobs HTTP/1.1\r\nContent-Length: 9\r\nContent-Type: application/json";
    List<Socket> waiting = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * ConnectionLimits.BODIES_MAX; i++) { // in any order
        waiting.add(call(post));
      }
      assertThat(await(() -> answeredAt(post))).isEqualTo("HTTP/1.1 503");
      assertThat(page.get("/api/jobs").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
    assertThat(await(() -> page.post("/api/jobs", "{}").statusCode() == 400 ? "read" : ""))
        .isEqualTo("read");
  }

  @Test
  @Order(7)
  void stalledReadersOfLargeFiles_delayNoOtherCalls() throws Exception {
    byte[] large = new byte[40 << 20];
    page.site.store().put("jobs/http-1/log.csv", large, "text/csv");
    String get = "GET /api/jobs/http-1/files/log.csv HTTP/1.1";
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * ConnectionLimits.FILES_MAX; i++) {
        slow.add(call(get));
      }
      // Until then, this call may get the place of one that has not arrived yet.
      assertThat(await(() -> answeredAt(get).endsWith("503") ? "full" : "")).isEqualTo("full");
      assertThat(page.get("/api/jobs/http-1").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    assertThat(await(() -> answeredAt(get).endsWith("200") ? "sent" : "")).isEqualTo("sent");
    assertThat(page.bytes(page.base() + "/api/jobs/http-1/files/log.csv").body()).isEqualTo(large);
  }

  /** The status of a call that sends no body; empty if the server waits for the body. */
  private static String answeredAt(String head) throws IOException {
    try (Socket socket = call(head)) {
      socket.setSoTimeout(1_000);
      return answer(socket);
    } catch (SocketTimeoutException e) {
      return "";
    }
  }

  private interface Attempt {
    String result() throws Exception;
  }

  /** The first result that is not empty. */
  private static String await(Attempt attempt) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    String result = attempt.result();
    while (result.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(100);
      result = attempt.result();
    }
    return result;
  }

  /** The {@code curl} commands of the page, with their continuation lines. */
  private static List<String> calls() throws IOException {
    List<String> calls = new ArrayList<>();
    String text = Files.readString(Path.of("docs/http.md")).replace("\\\n", " ");
    text.lines().filter(line -> line.startsWith("curl ")).forEach(calls::add);
    return calls;
  }

  /** The output of a command at this worker's port; one that does not end is stopped. */
  private static String output(String command) throws Exception {
    Path output = folder.resolve("output");
    assertThat(command).contains("localhost:8080");
    Process curl =
        new ProcessBuilder(
                BASH.toString(),
                "-c",
                command
                    .replace("http://", "")
                    .replace("localhost:8080", page.base().replace("http://", "")))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!curl.waitFor(command.contains("/api/events") ? 3 : 30, TimeUnit.SECONDS)) {
      curl.descendants().forEach(ProcessHandle::destroy);
      curl.destroy();
      curl.waitFor();
    }
    return Files.readString(output);
  }

  @Test
  @Order(4)
  void commandsOfTheDocumentation_work() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(CURL) && Files.isExecutable(BASH), "no curl on this machine");
    List<String> calls = calls();
    assertThat(calls).hasSizeGreaterThan(5);
    List<String> answers = new ArrayList<>();
    for (String call : calls) {
      if (call.contains("curl-1/results")) {
        page.awaitState("curl-1", "completed"); // the page says that it may take a moment
      }
      answers.add(output(call));
    }
    assertThat(answers).noneMatch(answer -> answer.contains("\"message\""));
    assertThat(answers.get(0)).contains("\"id\":\"curl-1\"", "\"cancel\"");
    assertThat(answers.get(1)).contains("\"model\":\"avatars-32\"", "\"state\":");
    assertThat(answers.get(2)).contains("\"link\":\"http", "jobs/curl-1/images/00003.png");
    assertThat(answers).anyMatch(answer -> answer.contains("event: hello"));
    String waited = answers.get(calls.size() - 3);
    assertThat(waited).contains("\"state\":\"completed\"", "jobs/curl-3/images/00003.png");
    assertThat(answers.get(calls.size() - 2))
        .contains("\"key\":\"inputs/0001.png\"", "\"sha256\":");
    page.awaitState("curl-4", "completed");
    assertThat(page.awaitState("curl-2", "cancelled").path("state").asText())
        .isEqualTo("cancelled");
  }
}
