package dev.mezzotint.worker;

import dev.mezzotint.cli.Requests;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.ObjectStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code demo}: one real job through a real broker and a real store, from nothing to a picture. */
@Command(
    name = "demo",
    description =
        "Start a Kafka broker, an S3 server and a worker, send one request, fetch its pictures.",
    footer = {"", "Example:", "  demo --out my-pictures"})
final class DemoCommand implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final int COUNT = 16;

  @Option(
      names = "--out",
      defaultValue = "demo",
      paramLabel = "DIR",
      description = "Where the pictures go; default ./${DEFAULT-VALUE}.")
  private Path out = Path.of("demo");

  @Option(
      names = "--model",
      defaultValue = "avatars-32",
      paramLabel = "NAME",
      description = "Which model; default ${DEFAULT-VALUE}.")
  private String model = "avatars-32";

  private final Supplier<Settings> settings;
  private long tenths;

  DemoCommand(Supplier<Settings> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() throws IOException {
    long started = System.nanoTime();
    Settings configured = settings.get();
    say("starting a Kafka broker and an S3 server; data: " + configured.data());
    try (Endpoints endpoints = Endpoints.open(configured)) {
      say(
          "broker %s, store %s"
              .formatted(endpoints.kafka().bootstrapServers(), endpoints.s3().endpoint()));
      try (Worker worker = Worker.start(configured, endpoints);
          KafkaRequests requests = new KafkaRequests(endpoints)) {
        say("worker ready after %.1f s".formatted((System.nanoTime() - started) / 1e9));
        return run(requests, endpoints);
      }
    }
  }

  private int run(KafkaRequests requests, Endpoints endpoints) throws IOException {
    Instant now = Instant.now();
    String id = "demo-" + now.toEpochMilli();
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("id", id);
    request.put("model", model);
    request.put("count", COUNT);
    request.put("seed", now.toEpochMilli() % 1_000_000);
    request.put("output", Map.of("grid", true));
    byte[] json = JsonText.write(request);
    requests.submit(Requests.Kind.GENERATION, id, json);
    say(
        "sent to "
            + endpoints.kafka().topics().generationRequests()
            + ": "
            + new String(json, StandardCharsets.UTF_8));
    JobEvent end =
        requests
            .watch(id, now.minusSeconds(1), LIMIT, this::tell, event -> event.type().terminal())
            .orElseThrow(() -> new IllegalStateException("the job did not end within " + LIMIT));
    if (end.type() != JobEvent.Type.COMPLETED) {
      say("error: " + end.data().get("cause"));
      return end.data().containsKey("field") ? 2 : 1;
    }
    try (ObjectStore store = new S3ObjectStore(endpoints.s3())) {
      fetch(store, id);
    }
    say("in the store: " + requests.location(id));
    System.out.println("picture: " + out.resolve("grid.png").toAbsolutePath().normalize());
    return 0;
  }

  private void tell(JobEvent event) {
    switch (event.type()) {
      case PROGRESSED -> progressed(event.data());
      default -> say(event.type().word() + " (event " + event.id() + ")");
    }
  }

  /** Events come twice a second; a line for each tenth of the way is enough. */
  private void progressed(Map<String, Object> data) {
    long done = ((Number) data.getOrDefault("done", 0)).longValue();
    long total = Math.max(1, ((Number) data.getOrDefault("total", 1)).longValue());
    long tenth = 10 * done / total;
    if (tenth > tenths) {
      tenths = tenth;
      say(
          "progressed: %d of %d evaluations, %s pictures stored"
              .formatted(done, total, data.get("images")));
    }
  }

  private void fetch(ObjectStore store, String id) throws IOException {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new InvalidInputException("--out", "--out " + out + " cannot be made", e);
    }
    for (String key : store.list(Keys.job(id))) {
      if (key.endsWith(".png") || key.endsWith("manifest.json")) {
        byte[] bytes = store.get(key).orElseThrow().bytes();
        Files.write(out.resolve(key.substring(key.lastIndexOf('/') + 1)), bytes);
      }
    }
  }

  private static void say(String text) {
    System.err.println(text);
  }
}
