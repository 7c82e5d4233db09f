package dev.mezzotint.worker;

import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code demo}: one real job through a real broker and a real store, from nothing to a picture. */
@Command(
    name = "demo",
    description =
        "Start a Kafka broker, an S3 server and a worker, send one request, fetch its pictures.",
    footer = {"", "Example:", "  demo --out my-pictures"})
public final class DemoCommand implements Callable<Integer> {
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

  @Mixin private JsonOption json = new JsonOption();

  private final Supplier<WorkerConfig> settings;
  private long tenths;

  public DemoCommand(Supplier<WorkerConfig> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() throws IOException {
    long started = System.nanoTime();
    OutputPaths.folder("--out", out);
    WorkerConfig configured = settings.get();
    say("starting a Kafka broker and an S3 server; data: " + configured.data());
    try (Endpoints endpoints = Endpoints.open(configured)) {
      say(
          "broker %s, store %s"
              .formatted(endpoints.kafka().bootstrapServers(), endpoints.s3().endpoint()));
      try (Worker worker = Worker.start(configured, endpoints);
          KafkaSystem requests = new KafkaSystem(endpoints)) {
        say("worker ready after %.1f s".formatted((System.nanoTime() - started) / 1e9));
        return run(requests, endpoints);
      }
    }
  }

  private int run(KafkaSystem requests, Endpoints endpoints) {
    Instant now = Instant.now();
    String id = "demo-" + now.toEpochMilli();
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("id", id);
    request.put("model", model);
    request.put("count", COUNT);
    request.put("seed", now.toEpochMilli() % 1_000_000);
    request.put("output", Map.of("grid", true));
    byte[] bytes = JsonText.write(request);
    requests.submit(MezzotintSystem.Kind.GENERATION, id, bytes);
    say(
        "sent to "
            + endpoints.kafka().topics().generationRequests()
            + ": "
            + new String(bytes, StandardCharsets.UTF_8));
    JobEvent end =
        requests
            .watch(id, now.minusSeconds(1), LIMIT, this::tell, event -> event.type().terminal())
            .orElseThrow(() -> new IllegalStateException("the job did not end within " + LIMIT));
    if (end.type() != JobEvent.Type.COMPLETED) {
      say("error: " + end.data().get("cause"));
      return end.data().containsKey("field") ? 2 : 1;
    }
    requests.fetch(id, out);
    say("in the store: " + requests.location(id));
    Path picture = out.resolve("grid.png").toAbsolutePath().normalize();
    json.answer(
        "picture: " + picture,
        Map.of("jobId", id, "picture", picture.toString(), "location", requests.location(id)));
    return 0;
  }

  private void tell(JobEvent event) {
    switch (event.type()) {
      case PROGRESSED -> progressed(event.data());
      default -> say(event.type().wireName() + " (event " + event.id() + ")");
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

  private static void say(String text) {
    System.err.println(text);
  }
}
