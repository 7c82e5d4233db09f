package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.http.HttpRoutes;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.Site;
import dev.mezzotint.worker.Worker;
import dev.mezzotint.worker.WorkerConfig;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A real worker with its REST front, broker and store, and its page in a real browser: Debian's
 * {@code chromium}, or the one that the variable {@code CHROMIUM} names. For one thread.
 */
public final class LivePage implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BUNDLED = Path.of("models");

  public final Site site;
  final WorkerConfig settings;
  private final Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile @Nullable Worker worker;
  private HttpServer server;
  private int port;
  private @Nullable Chromium browser;

  /**
   * Starts the worker.
   *
   * @param bundled models that it has beside the tests' tiny one, by their names
   * @param more keys of the configuration, each with its value behind it
   */
  public LivePage(Path folder, List<String> bundled, String... more) throws IOException {
    this.folder = folder;
    site = new Site(folder);
    site.set("mezzotint.threads", "1");
    for (int i = 0; i < more.length; i += 2) {
      site.set(more[i], more[i + 1]);
    }
    for (String name : bundled) {
      Site.copy(BUNDLED.resolve(name), site.models().resolve(name));
    }
    settings = site.settings("w1");
    worker = Worker.start(settings, Endpoints.open(settings));
    server = listen(0);
  }

  private HttpServer listen(int where) {
    Router router = Router.router(vertx);
    HttpRoutes.mount(vertx, router, () -> Optional.ofNullable(worker).flatMap(Worker::front));
    HttpServer listening =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(where, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    port = listening.actualPort();
    return listening;
  }

  /** The page in a browser; tests that ask are {@link InBrowser}. */
  Chromium browser() throws Exception {
    Chromium open = browser;
    if (open == null) {
      open = strange();
      open.await("document.querySelector('.connection.on')");
    }
    return open;
  }

  /** The same, though the page may not have been let in. */
  Chromium strange() throws Exception {
    Chromium open = new Chromium(Chromium.find().orElseThrow(), folder.resolve("profile"));
    browser = open;
    open.open(base() + "/");
    return open;
  }

  public String base() {
    return "http://localhost:" + port;
  }

  /** The worker ends; nothing listens any more. */
  void leave() {
    server.close().toCompletionStage().toCompletableFuture().join();
    Worker old = worker;
    worker = null;
    if (old != null) {
      old.close();
    }
  }

  /** Another worker at the same address. */
  void comeBack() throws IOException {
    worker = Worker.start(settings, Endpoints.open(settings));
    server = listen(port);
  }

  public HttpResponse<String> get(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(base() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  public HttpResponse<byte[]> bytes(String address) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(address)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  public HttpResponse<java.util.stream.Stream<String>> lines(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(base() + path)).build(),
        HttpResponse.BodyHandlers.ofLines());
  }

  public HttpResponse<String> post(String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(base() + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  public JsonNode json(String path) throws Exception {
    return JSON.readTree(get(path).body());
  }

  public JsonNode awaitState(String id, String state) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    JsonNode job = JSON.createObjectNode();
    while (System.nanoTime() < end) {
      job = json("/api/jobs/" + id);
      if (job.path("state").asText().equals(state)) {
        return job;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(id + " never became " + state + ": " + job);
  }

  /** No errors in the browser so far, and nothing asked of any other machine. */
  void checkQuiet() {
    Chromium open = Objects.requireNonNull(browser);
    assertThat(open.requests)
        .isNotEmpty()
        .allMatch(
            url ->
                url.startsWith(base() + "/") || url.startsWith("data:") || url.startsWith("blob:"));
    // A refusal that was asked for (400 of the form) is written by the browser itself.
    assertThat(open.errors).noneMatch(error -> !error.contains("400 (Bad Request)"));
  }

  @Override
  public void close() {
    if (browser != null) {
      browser.close();
    }
    leave();
    vertx.close();
    site.close();
  }
}
