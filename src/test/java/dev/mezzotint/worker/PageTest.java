package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The REST front and the live page on a real worker, broker and store; the page in a real browser,
 * Debian's {@code chromium} or the one that the variable {@code CHROMIUM} names. Without a browser
 * those tests are skipped and say so.
 *
 * <p>{@code -Dpage.picture=FILE} draws with the bundled model and writes the page as it then looks.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PageTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Optional<String> PICTURE =
      Optional.ofNullable(System.getProperty("page.picture"));
  private static final Path SHOTS = Path.of("target/page");

  @TempDir static Path folder;

  private static final Vertx VERTX = Vertx.vertx();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static Site site;
  private static Settings settings;
  private static volatile Worker worker;
  private static HttpServer server;
  private static int port;
  private static Chromium browser;

  @BeforeAll
  static void start() throws Exception {
    site = new Site(folder);
    if (PICTURE.isPresent()) {
      Files.move(site.models(), folder.resolve("other-models"));
      Site.copy(Path.of("models/avatars-32"), site.models().resolve("avatars-32"));
      site.set("mezzotint.threads", "1");
    }
    settings = site.settings("w1");
    worker = Worker.start(settings, Endpoints.open(settings));
    listen(0);
    Optional<Path> found = Chromium.find();
    if (found.isPresent()) {
      browser = new Chromium(found.get(), folder.resolve("profile"));
      browser.open(base() + "/");
      browser.await("document.querySelector('.connection.on')");
    }
  }

  private static void listen(int where) {
    Router router = Router.router(VERTX);
    HttpRoutes.mount(VERTX, router, () -> Optional.ofNullable(worker).flatMap(Worker::front));
    server =
        VERTX
            .createHttpServer()
            .requestHandler(router)
            .listen(where, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    port = server.actualPort();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    server.close();
    worker.close();
    VERTX.close();
    site.close();
  }

  private static String base() {
    return "http://localhost:" + port;
  }

  private static void needBrowser() {
    assumeTrue(PICTURE.isEmpty(), "only a picture is asked for");
    browserIsThere();
  }

  private static void browserIsThere() {
    assumeTrue(
        browser != null,
        "no browser here: install Debian's chromium or set CHROMIUM to test the page");
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(base() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(base() + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode awaitState(String id, String state) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    JsonNode job = JSON.createObjectNode();
    while (System.nanoTime() < end) {
      HttpResponse<String> answer = get("/api/jobs/" + id);
      job = JSON.readTree(answer.body());
      if (job.path("state").asText().equals(state)) {
        return job;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(id + " never became " + state + ": " + job);
  }

  @Test
  @Order(1)
  void aJobOverHttpIsTheSameAsOneOverItsTopic() throws Exception {
    assumeTrue(PICTURE.isEmpty(), "only a picture is asked for");
    HttpResponse<String> answer =
        post(
            "/api/jobs", "{\"id\":\"http-1\",\"model\":\"iadb_defaults\",\"count\":3,\"steps\":4}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    awaitState("http-1", "completed");
    JsonNode results = JSON.readTree(get("/api/jobs/http-1/results").body());
    assertThat(results.path("images")).hasSize(3);
    JsonNode first = results.path("images").get(0);
    HttpResponse<byte[]> signed =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(first.path("link").asText())).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    HttpResponse<byte[]> streamed =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(base() + first.path("path").asText())).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(signed.statusCode()).isEqualTo(200);
    assertThat(streamed.body()).isEqualTo(signed.body());
    byte[] large = new byte[9_000_000];
    new java.util.Random(1).nextBytes(large);
    site.store().put("jobs/http-1/log.csv", large, "text/csv");
    HttpResponse<byte[]> pieces =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(base() + "/api/jobs/http-1/files/log.csv")).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    assertThat(pieces.body()).isEqualTo(large);
    assertThat(streamed.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("default-src 'none'");
    JsonNode models = JSON.readTree(get("/api/models").body()).path("models");
    assertThat(models.findValuesAsText("name")).contains("iadb_defaults");
    assertThat(models.get(models.size() - 1).path("width").asInt()).isEqualTo(16);
  }

  @Test
  @Order(2)
  void anEventStreamTellsAJobsLife() throws Exception {
    assumeTrue(PICTURE.isEmpty(), "only a picture is asked for");
    HttpResponse<java.util.stream.Stream<String>> stream =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(base() + "/api/events?job=http-2")).build(),
            HttpResponse.BodyHandlers.ofLines());
    post("/api/jobs", "{\"id\":\"http-2\",\"model\":\"iadb_defaults\",\"steps\":2}");
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
  void tooLargeABodyAndTooLongAPathAreTurnedAway() throws Exception {
    assumeTrue(PICTURE.isEmpty(), "only a picture is asked for");
    String huge = "{\"id\":\"" + "x".repeat(2 << 20) + "\"}";
    assertThat(post("/api/jobs", huge).statusCode()).isEqualTo(413);
    assertThat(get("/api/jobs/..%2f..%2fmodels").statusCode()).isEqualTo(404);
    assertThat(get("/api/jobs/http-1/files/..%2f..%2f..%2fprobe").statusCode()).isEqualTo(404);
  }

  @Test
  @Order(10)
  void aFormThatIsSentBecomesPictures() throws IOException {
    needBrowser();
    browser.value("location.hash = '#/new'");
    browser.await("document.querySelector('form.ask select[name=model]')?.value");
    browser.value("document.querySelector('[name=steps]').value = '0'");
    browser.value("document.querySelector('#send').click()");
    browser.await("document.querySelector('.field.wrong .field-problem')?.textContent");
    assertThat(browser.value("document.activeElement.name").asText()).isEqualTo("steps");
    browser.value("document.querySelector('[name=steps]').value = '6'");
    browser.value("document.querySelector('[name=seed]').value = '7'");
    browser.value("document.querySelector('[name=way]').checked = true");
    browser.value("document.querySelector('#send').focus()");
    browser.value("document.querySelector('#send').click()");
    browser.await("location.hash.startsWith('#/jobs/')");
    browser.await("document.querySelectorAll('.pictures img.here').length == 4");
    assertThat(browser.value("document.querySelector('.pictures').innerText").asText())
        .contains("seed 7");
    assertThat(browser.value("document.querySelector('.status .word').textContent").asText())
        .isEqualTo("completed");
  }

  @Test
  @Order(11)
  void aRunningJobCanBeCancelledFromThePage() {
    needBrowser();
    browser.value(
        "fetch('/api/jobs', {method: 'POST', headers: {'Content-Type': 'application/json'}, body:"
            + " JSON.stringify({id: 'long', model: 'iadb_defaults', count: 2000, steps: 1000})})");
    browser.value("location.hash = '#/jobs/long'");
    browser.await("document.querySelector('.status .word.running')");
    browser.await("document.querySelectorAll('.pictures .noise canvas').length > 10");
    browser.value("document.querySelector('#cancel').click()");
    browser.await("document.querySelector('.status .word.cancelled')");
    browser.await("document.querySelector('[data-id=long].cancelled')");
  }

  @Test
  @Order(12)
  void aFailedJobSaysWhy() {
    needBrowser();
    browser.value(
        "fetch('/api/jobs', {method: 'POST', headers: {'Content-Type': 'application/json'}, body:"
            + " JSON.stringify({id: 'unknown', model: 'no-such-model'})})");
    browser.await("document.querySelector('[data-id=unknown].failed')");
    browser.value("location.hash = '#/jobs/unknown'");
    browser.await("document.querySelector('#reason')?.textContent.includes('no-such-model')");
    assertThat(browser.value("document.querySelector('#reason code').textContent").asText())
        .isEqualTo("model");
  }

  @Test
  @Order(13)
  void thePointsOfTheFigureAreDraggedByKeysToo() {
    needBrowser();
    browser.value("location.hash = '#/method'");
    browser.await("document.querySelector('.reading')?.textContent");
    String before = browser.value("document.querySelector('.reading').textContent").asText();
    browser.value("document.querySelector('.plane canvas').focus()");
    browser.press("n");
    browser.press("ArrowRight");
    browser.press("ArrowUp");
    browser.await("document.querySelector('.reading').textContent !== " + JSON.valueToTree(before));
    double bent = longer();
    browser.value("document.querySelector('#figure-reflow').click()");
    assertThat(longer()).isLessThan(bent / 3);
  }

  private static double longer() {
    return browser
        .value("parseFloat(document.querySelector('.reading').textContent.match(/([0-9.]+) %/)[1])")
        .asDouble();
  }

  @Test
  @Order(14)
  void theFiguresNumbersAreThoseOfTheJavaOracle() {
    needBrowser();
    float[][] points = {{-1.5f, 0.875f}, {0.25f, -1.5f}, {1.75f, 1.25f}};
    SmoothedData oracle = new SmoothedData(points, 0.0625);
    for (Solver solver : Solver.values()) {
      double[] alphas = {0, 0.125, 0.375, 0.5, 0.8125, 1};
      double[] x = {0.5, -0.25};
      double[][] m = new double[3][2];
      for (Stage stage : solver.stages(alphas)) {
        double[] d = new double[2];
        oracle.direction(x, stage.alpha(), d);
        for (int k = 0; k < 2; k++) {
          x[k] += stage.g0() * d[k] + stage.g1() * m[0][k] + stage.g2() * m[1][k];
          x[k] += stage.g3() * m[2][k];
        }
        m = new double[][] {d, m[0], m[1]};
      }
      JsonNode end =
          browser.value(
              "import('/page/iadb.js').then(m => {const w = m.path(m.exactField([[-1.5, 0.875],"
                  + " [0.25, -1.5], [1.75, 1.25]], 0.0625), m.stages('"
                  + solver.word()
                  + "', [0, 0.125, 0.375, 0.5, 0.8125, 1]), [0.5, -0.25], "
                  + solver.evaluationsPerStep()
                  + "); return w[w.length - 1];})");
      assertThat(end.get(0).asDouble()).as(solver.word()).isCloseTo(x[0], within(1e-9));
      assertThat(end.get(1).asDouble()).as(solver.word()).isCloseTo(x[1], within(1e-9));
    }
  }

  private static void finished(KafkaProducer<byte[], byte[]> producer, int i) {
    String id = "past-" + i;
    String event =
        "{\"id\":\"%s/cancelled/1\",\"type\":\"cancelled\",\"jobId\":\"%s\",\"attempt\":1,"
                .formatted(id, id)
            + "\"sequence\":1999999,\"time\":\"%s\",\"model\":\"avatars-32@3\",\"cause\":\"called off\"}"
                .formatted(Instant.now().minusSeconds(86_400 + 60L * i));
    Future<?> unused =
        producer.send(
            new ProducerRecord<>(
                site.topics().events(), id.getBytes(UTF_8), event.getBytes(UTF_8)));
  }

  @Test
  @Order(15)
  void fiveHundredJobsAreListed() {
    needBrowser();
    browser.value(
        "window.longest = 0; new PerformanceObserver(list => list.getEntries().forEach(e =>"
            + " {window.longest = Math.max(window.longest, e.duration)})).observe({type:"
            + " 'longtask'})");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", Endpoints.running(settings).kafka().bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < 520; i++) {
        finished(producer, i);
      }
    }
    browser.await("document.querySelectorAll('.row').length >= 520");
    browser.value("document.querySelector('.list').scrollTop = 20000");
    browser.value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
    browser.value("location.hash = '#/'");
    browser.value("location.reload()");
    browser.await("document.querySelectorAll('.row').length >= 500");
    assertThat(browser.value("document.querySelector('#more').hidden").asBoolean()).isFalse();
    browser.value("document.querySelector('#more').click()");
    browser.await("document.querySelectorAll('.row').length >= 520");
    System.out.println(
        "520 jobs; redraw of all rows: "
            + browser.value(
                "(() => {const t = performance.now(); document.querySelector('[data-state=failed]')"
                    + ".click(); document.querySelector('[data-state=\"\"]').click();"
                    + " document.querySelector('.list').offsetHeight; return performance.now() -"
                    + " t})()")
            + " ms");
  }

  @Test
  @Order(20)
  void thePageComesBackAfterARestart() throws Exception {
    needBrowser();
    browser.errors.clear();
    server.close().toCompletionStage().toCompletableFuture().join();
    worker.close();
    browser.await("document.querySelector('.connection.off')");
    worker = null;
    worker = Worker.start(settings, Endpoints.open(settings));
    listen(port);
    browser.await("document.querySelector('.connection.on')");
    browser.errors.removeIf(e -> e.contains("ERR_CONNECTION") || e.contains("ERR_INCOMPLETE"));
    post("/api/jobs", "{\"id\":\"after\",\"model\":\"iadb_defaults\",\"steps\":2}");
    browser.await("document.querySelector('[data-id=after].completed')");
    assertThat(browser.value("document.querySelectorAll('.row').length").asInt())
        .isGreaterThanOrEqualTo(500);
  }

  @Test
  @Order(30)
  void itLooksAsItShould() throws Exception {
    browserIsThere();
    if (PICTURE.isPresent()) {
      exhibit();
    }
    browser.look(1440, 900, /* dark= */ false);
    browser.value("location.hash = '#/'");
    browser.await("document.querySelectorAll('.wall img.here').length > 3");
    Thread.sleep(600); // pictures fade in
    browser.shoot(SHOTS.resolve("wall-light.png"));
    browser.look(1440, 900, /* dark= */ true);
    browser.shoot(SHOTS.resolve("wall-dark.png"));
    for (boolean dark : new boolean[] {false, true}) {
      browser.look(1440, 900, dark);
      String word = dark ? "dark" : "light";
      for (String page : List.of("new", "method")) {
        browser.value("location.hash = '#/" + page + "'");
        browser.await("document.querySelector('main h1')");
        Thread.sleep(500);
        browser.shoot(SHOTS.resolve(page + "-" + word + ".png"));
      }
      String job = PICTURE.isPresent() ? "faces-24" : "http-1";
      browser.value("location.hash = '#/jobs/" + job + "'");
      browser.await("document.querySelectorAll('.pictures img.here').length > 2");
      Thread.sleep(600);
      browser.shoot(SHOTS.resolve("job-" + word + ".png"));
    }
    browser.look(390, 844, /* dark= */ false);
    browser.shoot(SHOTS.resolve("job-phone.png"));
    if (PICTURE.isPresent()) {
      Path to = Path.of(PICTURE.get()).toAbsolutePath();
      Files.createDirectories(to.getParent());
      Files.copy(
          SHOTS.resolve("job-light.png"), to, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Jobs of the bundled model, for a picture of the page. */
  private static void exhibit() throws Exception {
    String[] requests = {
      "{\"id\":\"portraits\",\"model\":\"avatars-32\",\"count\":4,\"seed\":11,\"steps\":16}",
      "{\"id\":\"market-crowd\",\"model\":\"avatars-32\",\"count\":9,\"seed\":5,\"steps\":12,"
          + "\"sampler\":\"heun\"}",
      "{\"id\":\"one-face\",\"model\":\"avatars-32\",\"count\":1,\"seed\":3,\"steps\":24}",
      "{\"id\":\"villagers\",\"model\":\"avatars-32\",\"count\":6,\"seed\":21,\"steps\":12}",
      "{\"id\":\"guards\",\"model\":\"avatars-32\",\"count\":4,\"seed\":31,\"steps\":12}",
      "{\"id\":\"faces-24\",\"model\":\"avatars-32\",\"count\":24,\"seed\":42,\"steps\":16,"
          + "\"sampler\":\"ab2\"}",
    };
    for (String request : requests) {
      HttpResponse<String> answer = post("/api/jobs", request);
      awaitState(JSON.readTree(answer.body()).path("id").asText(), "completed");
    }
    post("/api/jobs", "{\"id\":\"typo\",\"model\":\"avatar-32\"}");
    awaitState("typo", "failed");
    post(
        "/api/jobs", "{\"id\":\"poster-run\",\"model\":\"avatars-32\",\"count\":400,\"steps\":32}");
    post("/api/jobs", "{\"id\":\"poster-next\",\"model\":\"avatars-32\",\"count\":40}");
    awaitState("poster-run", "running");
    Thread.sleep(8_000);
  }

  @Test
  @Order(40)
  void nothingWasAnErrorAndNothingLeftTheMachine() {
    needBrowser();
    assertThat(browser.requests)
        .isNotEmpty()
        .allMatch(
            url ->
                url.startsWith(base() + "/") || url.startsWith("data:") || url.startsWith("blob:"));
    // A refusal that was asked for (400 of the form) is written by the browser itself.
    assertThat(browser.errors).noneMatch(error -> !error.contains("400 (Bad Request)"));
  }
}
