package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.http.FrontTestProfile;
import dev.mezzotint.page.LivePage;
import dev.mezzotint.storage.Keys;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs each client of {@code examples} against a worker, with one of the request files, and the
 * requests of docs/messages.md.
 */
@QuarkusTest
@TestProfile(FrontTestProfile.class)
class ExampleClientsTest {
  private static final Path EXAMPLES = Path.of("examples").toAbsolutePath();
  private static final int LINES_MAX = 60;
  private static final int TRIES_MAX = 600;

  @TempDir static Path folder;

  private static LivePage page;

  @BeforeAll
  static void start() throws IOException {
    page = new LivePage(folder, List.of("avatars-32", "fashion-28", "drive-64", "earth-64"));
    // What the commands in examples/README.md put there.
    page.site.store().put("clips/lap.zip", zip(Path.of("docs/examples/lap")), "application/zip");
    byte[] map = Files.readAllBytes(Path.of("docs/examples/map.png"));
    page.site.store().put("inputs/map.png", map, "image/png");
  }

  @AfterAll
  static void stop() {
    page.close();
  }

  @ParameterizedTest
  @CsvSource({
    "python3, python3, python/client.py, faces.json, 16",
    "node, node, node/client.mjs, sneakers.json, 4",
    "go, go run, go/client.go, frames.json, 12",
    "curl, sh, curl/client.sh, training.json, 0",
    "java, java, java/Client.java, satellite.json, 2"
  })
  void client_submitsWaitsFetchesAndCancels(
      String runtime, String command, String client, String request, int images) throws Exception {
    assumeTrue(
        ExternalProgram.find(runtime).isPresent(),
        "no " + runtime + " on this machine: examples/" + client + " is not run");
    Path out = folder.resolve(runtime);

    ExternalProgram.Run run =
        run(command, client, EXAMPLES.resolve("requests").resolve(request).toString(), "" + out);
    assertThat(run.code()).as(run.output()).isZero();
    assertThat(run.output()).contains(" completed");
    JsonNode manifest = new ObjectMapper().readTree(out.resolve("manifest.json").toFile());
    assertThat(manifest.path("images")).hasSize(images);
    for (JsonNode image : manifest.path("images")) {
      String key = image.path("key").asText();
      Path file = out.resolve(key.substring(Keys.job(manifest.path("id").asText()).length()));
      assertThat(file).hasBinaryContent(page.site.store().get(key).orElseThrow().bytes());
    }

    String id = "long-" + runtime;
    page.post(
        "/api/jobs",
        "{\"id\":\"" + id + "\",\"model\":\"avatars-32\",\"count\":2000,\"steps\":1000}");
    ExternalProgram.Run cancel = run(command, client, "cancel", id);
    assertThat(cancel.code()).as(cancel.output()).isZero();
    page.awaitState(id, "cancelled");

    Path wrong = folder.resolve("wrong.json");
    Files.writeString(wrong, "{\"model\":\"avatars-32\",\"steps\":0}");
    ExternalProgram.Run refused = run(command, client, "" + wrong, "" + out);
    assertThat(refused.code()).isNotZero();
    assertThat(refused.output()).contains("steps must be from 1 to 1000, not 0");
  }

  private static ExternalProgram.Run run(String command, String client, String... more)
      throws Exception {
    List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
    String program = words.remove(0);
    words.add(EXAMPLES.resolve(client).toString());
    words.addAll(List.of(more));
    Optional<ExternalProgram> found = ExternalProgram.find(program);
    assumeTrue(found.isPresent(), "no " + program + " on this machine");
    return found
        .get()
        .run(
            folder,
            Map.of("WORKER_URL", page.base(), "GOPROXY", "off", "GOTOOLCHAIN", "local"),
            words.toArray(String[]::new));
  }

  /** The requests on the page run as they are, after the commands that the page names. */
  @Test
  void requestsOfMessagesPage_run() throws Exception {
    byte[] maps = zip(Path.of("docs/examples/lap"));
    page.site.store().put("clips/track-7.zip", maps, "application/zip");
    page.site.store().put("datasets/faces.zip", maps, "application/zip");
    try (Stream<Path> files = Files.list(Path.of("docs/examples/lap"))) {
      for (Path file : files.toList()) {
        String key = "references/track-7/" + file.getFileName();
        page.site.store().put(key, Files.readAllBytes(file), "image/png");
      }
    }

    String frames = submitExample("generation-request-frames");
    String images = submitExample("generation-request");
    awaitCompleted(frames);
    awaitCompleted(images);
    JsonNode results = page.json("/api/jobs/" + frames + "/results");
    assertThat(results.path("total").asInt()).isEqualTo(24);
    assertThat(results.path("failedFrames")).isEmpty();
    assertThat(results.path("files").findValuesAsText("key"))
        .contains("jobs/" + frames + "/sheet.png", "jobs/" + frames + "/clip.png");
    String training = submitExample("training-request"); // takes hours
    page.awaitState(training, "running");
    page.post("/api/jobs/" + training + "/cancel", "{}");
    page.awaitState(training, "cancelled");
  }

  private static void awaitCompleted(String id) throws Exception {
    String state = "queued";
    for (int i = 0; i < TRIES_MAX && Set.of("queued", "running").contains(state); i++) {
      Thread.sleep(500);
      state = page.json("/api/jobs/" + id).path("state").asText();
    }
    assertThat(state).as(id).isEqualTo("completed");
  }

  private static String submitExample(String name) throws Exception {
    String request =
        Files.readString(Path.of("docs/messages.md"))
            .split("<!-- example: " + name + " -->\\s*```json\n", 2)[1]
            .split("```", 2)[0];
    HttpResponse<String> answer = page.post("/api/jobs", request);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return new ObjectMapper().readTree(answer.body()).path("id").asText();
  }

  @Test
  void requestFiles_areAllRun() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES.resolve("requests"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "faces.json", "sneakers.json", "frames.json", "training.json", "satellite.json");
    }
  }

  @Test
  void clients_areShort() throws IOException {
    try (Stream<Path> files = Files.walk(EXAMPLES)) {
      Map<Path, Long> lines =
          files
              .filter(file -> file.getFileName().toString().matches("(?i)client\\.[a-z]+"))
              .collect(Collectors.toMap(file -> file, ExampleClientsTest::linesOfCode));
      assertThat(lines).hasSize(5);
      assertThat(lines.values()).allMatch(count -> count < LINES_MAX, lines.toString());
    }
  }

  /** Lines that are neither blank nor comments nor imports. */
  private static long linesOfCode(Path file) {
    try {
      return Files.readString(file)
          .replaceAll("(?s)import \\(.*?\\)", "")
          .lines()
          .filter(line -> !line.isBlank() && !line.matches("\\s*(//|#|/?\\*|import |from ).*"))
          .count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static byte[] zip(Path images) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes);
        Stream<Path> files = Files.list(images)) {
      for (Path file : files.toList()) {
        zip.putNextEntry(new ZipEntry(file.getFileName().toString()));
        zip.write(Files.readAllBytes(file));
      }
    }
    return bytes.toByteArray();
  }
}
