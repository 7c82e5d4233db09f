package dev.mezzotint.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mezzotint.http.Http;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.Site;
import dev.mezzotint.worker.Worker;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A worker with broker and store behind the application under test, and its page in a browser:
 * Debian's {@code chromium}, or the one that the variable {@code CHROMIUM} names. For tests with
 * {@link dev.mezzotint.http.FrontTestProfile}, and for one thread.
 */
public final class LivePage implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BUNDLED = Path.of("models");

  public final Site site;
  final WorkerConfig settings;
  private final Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile @Nullable Worker worker;
  private @Nullable Chromium browser;

  /**
   * Starts the worker.
   *
   * @param bundled names of models besides the tests' tiny one
   * @param more keys and values of the configuration, alternately
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
    comeBack();
  }

  /** Opens the page and waits until it is connected; for tests that are {@link InBrowser}. */
  Chromium browser() throws Exception {
    Chromium open = browser;
    if (open == null) {
      open = openWithoutWaiting();
      open.await("document.querySelector('.connection.on')");
    }
    return open;
  }

  /** Opens the page, which may still need a token. */
  Chromium openWithoutWaiting() throws Exception {
    Chromium open = new Chromium(Chromium.find().orElseThrow(), folder.resolve("profile"));
    browser = open;
    open.open(base() + "/");
    return open;
  }

  public String base() {
    return "http://localhost:" + Http.port();
  }

  /** Stops the worker; calls are answered 503. */
  void leave() {
    Http.running().stop();
    Worker old = worker;
    worker = null;
    if (old != null) {
      old.close();
    }
  }

  /** Starts another worker at the same address. */
  void comeBack() throws IOException {
    Worker started = Worker.start(settings, Endpoints.open(settings));
    worker = started;
    Http.running().open(started.front().orElseThrow());
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

  /** Checks that the browser logged no errors and requested nothing from other machines. */
  void checkQuiet() {
    Chromium open = Objects.requireNonNull(browser);
    assertThat(open.requests)
        .isNotEmpty()
        .allMatch(
            url ->
                url.startsWith(base() + "/") || url.startsWith("data:") || url.startsWith("blob:"));
    // The browser logs refusals that tests provoke: 400 for the form, 404 for a condition that is
    // not
    // an image.
    assertThat(open.errors)
        .allMatch(
            error ->
                error.contains("400 (Bad Request)")
                    || (error.contains("404 (Not Found)") && error.contains("/conditions/")));
  }

  @Override
  public void close() {
    if (browser != null) {
      browser.close();
    }
    leave();
    site.close();
  }
}
