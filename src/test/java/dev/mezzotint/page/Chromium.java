package dev.mezzotint.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A Chromium without a window, driven over its DevTools protocol, with one page. No host name but
 * those of this machine resolves in it. For one thread.
 */
final class Chromium implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** For a browser and a worker that share few processors with other tests. */
  private static final long LIMIT_SECONDS = 60;

  /** Codes of keys that the browser itself handles. */
  private static final Map<String, Integer> ACTING =
      Map.of(
          "Tab",
          9,
          "Enter",
          13,
          "Escape",
          27,
          "End",
          35,
          "Home",
          36,
          "ArrowLeft",
          37,
          "ArrowRight",
          39);

  /** Addresses that the page requested. */
  final Queue<String> requests = new ConcurrentLinkedQueue<>();

  /** Errors that the page logged or threw. */
  final Queue<String> errors = new ConcurrentLinkedQueue<>();

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private String session = "";

  /** The path of a browser; empty if there is none on this machine. */
  static Optional<Path> find() {
    String said = System.getenv("CHROMIUM");
    if (said != null) {
      return Optional.of(Path.of(said));
    }
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .flatMap(
            folder ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static boolean isHere() {
    return find().isPresent();
  }

  Chromium(Path browser, Path profile) throws Exception {
    process =
        new ProcessBuilder(
                browser.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-extensions",
                "--no-first-run",
                "--no-default-browser-check",
                "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create(address()), new Listener())
            .get(LIMIT_SECONDS, TimeUnit.SECONDS);
    String target =
        send("Target.createTarget", Map.of("url", "about:blank")).get("targetId").asText();
    session =
        send("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .get("sessionId")
            .asText();
    for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
      send(domain + ".enable", Map.of());
    }
    look(1440, 900, /* dark= */ false);
  }

  private String address() throws IOException {
    BufferedReader lines = process.inputReader();
    StringBuilder all = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      all.append(line).append('\n');
      int at = line.indexOf("ws://");
      if (at >= 0) {
        Thread rest = new Thread(() -> lines.lines().forEach(ignored -> {}), "chromium-output");
        rest.setDaemon(true);
        rest.start();
        return line.substring(at).strip();
      }
    }
    throw new IOException("the browser did not start: " + all);
  }

  /** Joins the fragments of messages and completes the calls that wait for them. */
  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        receive(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }

  private void receive(String text) {
    try {
      JsonNode message = JSON.readTree(text);
      JsonNode params = message.path("params");
      switch (message.path("method").asText()) {
        case "Network.requestWillBeSent" -> requests.add(params.at("/request/url").asText());
        case "Runtime.exceptionThrown" -> errors.add(params.path("exceptionDetails").toString());
        case "Runtime.consoleAPICalled" -> {
          if (params.path("type").asText().equals("error")) {
            errors.add(params.path("args").toString());
          }
        }
        case "Log.entryAdded" -> {
          if (params.at("/entry/level").asText().equals("error")) {
            errors.add(params.path("entry").toString());
          }
        }
        default -> {
          CompletableFuture<JsonNode> answer = waiting.remove(message.path("id").asInt(-1));
          if (answer != null) {
            answer.complete(message);
          }
        }
      }
    } catch (IOException e) {
      errors.add(e.toString());
    }
  }

  private JsonNode send(String method, Map<String, ?> params) {
    int number = numbers.incrementAndGet();
    ObjectNode message = JSON.createObjectNode().put("id", number).put("method", method);
    message.set("params", JSON.valueToTree(params));
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    waiting.put(number, answer);
    try {
      socket.sendText(message.toString(), true).get(LIMIT_SECONDS, TimeUnit.SECONDS);
      JsonNode got = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (got.has("error")) {
        throw new AssertionError(method + ": " + got.get("error"));
      }
      return got.get("result");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(method + " got no answer", e);
    }
  }

  /** Sets the size of the window in pixels and the colour scheme. */
  void look(int width, int height, boolean dark) {
    send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    String scheme = dark ? "dark" : "light";
    send(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  void open(String address) {
    send("Page.navigate", Map.of("url", address));
  }

  /** Loads the page again; {@link #await} waits for what the new page shows. */
  void reload() {
    send("Page.reload", Map.of());
  }

  /** The value of an expression, awaited if it is a promise. */
  JsonNode value(String expression) {
    JsonNode result =
        send(
            "Runtime.evaluate",
            Map.of(
                "expression", expression,
                "awaitPromise", true,
                "userGesture", true,
                "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    return result.at("/result/value");
  }

  /** Waits until the expression is true; a page that is being replaced has no value yet. */
  void await(String expression) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!holds(expression)) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "never true: "
                + expression
                + "\n"
                + value(
                        "document.body.innerText.slice(0, 600) +"
                            + " document.querySelector('main').innerHTML.slice(0, 3000)")
                    .asText());
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  private boolean holds(String expression) {
    try {
      return value("Boolean(" + expression + ")").asBoolean();
    } catch (AssertionError e) {
      if (e.getMessage().contains("Inspected target navigated")) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Presses and releases a key; keys that move the focus or operate a control have their effect.
   */
  void press(String key) {
    Map<String, Object> event = new HashMap<>(Map.of("key", key, "code", key));
    if (ACTING.containsKey(key)) {
      event.put("windowsVirtualKeyCode", ACTING.get(key));
    }
    if (key.equals("Enter")) {
      event.put("text", "\r");
    }
    event.put("type", "keyDown");
    send("Input.dispatchKeyEvent", event);
    event.remove("text");
    event.put("type", "keyUp");
    send("Input.dispatchKeyEvent", event);
  }

  /** The accessibility tree: nodes with role, name and properties. */
  JsonNode accessibleNodes() {
    return send("Accessibility.getFullAXTree", Map.of()).get("nodes");
  }

  /** Chooses a file in a file input. */
  void choose(String selector, Path file) {
    int document = send("DOM.getDocument", Map.of()).at("/root/nodeId").asInt();
    int input =
        send("DOM.querySelector", Map.of("nodeId", document, "selector", selector))
            .get("nodeId")
            .asInt();
    send(
        "DOM.setFileInputFiles",
        Map.of("nodeId", input, "files", List.of(file.toAbsolutePath().toString())));
  }

  /** Writes a screenshot as PNG. */
  void shoot(Path file) throws IOException {
    value("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
    JsonNode shot = send("Page.captureScreenshot", Map.of("format", "png"));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(file, Base64.getDecoder().decode(shot.get("data").asText()));
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
