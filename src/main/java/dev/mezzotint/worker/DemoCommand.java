package dev.mezzotint.worker;

import dev.mezzotint.cli.GenerateCommand;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.storage.ObjectTransfer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code demo}: runs one job through an embedded broker, store and worker. */
@Command(
    name = "demo",
    description =
        "Start a Kafka broker, an S3 server and a worker, send a request and download its images.",
    footer = {"", "Example:", "  demo --out my-images"})
public final class DemoCommand implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final int COUNT = 16;

  @Option(
      names = "--out",
      defaultValue = "demo",
      paramLabel = "DIR",
      description = "Folder for the images; default ./${DEFAULT-VALUE}.")
  private Path out = Path.of("demo");

  @Option(
      names = "--model",
      defaultValue = "avatars-64",
      paramLabel = "NAME",
      description = "The model; default ${DEFAULT-VALUE}.")
  private String model = "avatars-64";

  @Option(
      names = "--scale",
      paramLabel = "F",
      defaultValue = "4",
      description = "Enlarge grid.png F times, 1 to 16; default ${DEFAULT-VALUE}.")
  private int scale = GenerateCommand.SCALE_DEFAULT;

  @Mixin private JsonOption json = new JsonOption();

  private final Supplier<WorkerConfig> settings;
  private long tenths;

  public DemoCommand(Supplier<WorkerConfig> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() throws IOException {
    long started = System.nanoTime();
    GenerateCommand.checkScale(scale);
    OutputPaths.folder("--out", out);
    WorkerConfig configured = settings.get();
    print(
        (Endpoints.find(configured).isPresent()
                ? "using the broker and store that are running"
                : "starting a Kafka broker and an S3 server")
            + "; data: "
            + configured.data());
    try (Endpoints endpoints = Endpoints.open(configured)) {
      print(
          "broker %s, store %s"
              .formatted(endpoints.kafka().bootstrapServers(), endpoints.s3().endpoint()));
      try (Worker worker = Worker.start(configured, endpoints);
          JobClient client = new MezzotintClient(endpoints.kafka())) {
        print(
            String.format(
                Locale.ROOT, "worker ready after %.1f s", (System.nanoTime() - started) / 1e9));
        return run(client, endpoints);
      }
    }
  }

  private int run(JobClient client, Endpoints endpoints) throws IOException {
    Instant now = Instant.now();
    String id = "demo-" + now.toEpochMilli();
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("id", id);
    request.put("model", model);
    request.put("count", COUNT);
    request.put("seed", now.toEpochMilli() % 1_000_000);
    request.put("output", Map.of("grid", true));
    byte[] bytes = JsonText.write(request);
    client.submit(JobClient.Kind.GENERATION, id, bytes);
    print(
        "sent to "
            + endpoints.kafka().topics().generationRequests()
            + ": "
            + new String(bytes, StandardCharsets.UTF_8));
    JobEvent end =
        client
            .watch(id, now.minusSeconds(1), LIMIT, this::print, event -> event.type().terminal())
            .orElseThrow(() -> new IllegalStateException("the job did not end within " + LIMIT));
    if (end.type() != JobEvent.Type.COMPLETED) {
      print("error: " + end.data().get("cause"));
      return end.data().containsKey("field") ? 2 : 1;
    }
    ObjectTransfer objects = InstalledContext.objects(endpoints);
    objects.download(id, out);
    print("in the store: " + objects.location(id));
    Path image = out.resolve("grid.png").toAbsolutePath().normalize();
    GenerateCommand.enlarge(image, scale);
    json.result(
        "image: " + image,
        Map.of("jobId", id, "image", image.toString(), "location", objects.location(id)));
    if (!json.enabled()) {
      System.err.println("next: run 'worker' here, then open its page to submit requests");
    }
    return 0;
  }

  private void print(JobEvent event) {
    switch (event.type()) {
      case PROGRESSED -> printProgress(event.data());
      default -> print(event.type().wireName() + " (event " + event.id() + ")");
    }
  }

  /** Prints every tenth of the progress: events arrive twice a second. */
  private void printProgress(Map<String, Object> data) {
    long done = ((Number) data.getOrDefault("done", 0)).longValue();
    long total = Math.max(1, ((Number) data.getOrDefault("total", 1)).longValue());
    long tenth = 10 * done / total;
    if (tenth > tenths) {
      tenths = tenth;
      print(
          String.format(
              Locale.ROOT,
              "progressed: %d of %d evaluations, %s images stored",
              done,
              total,
              data.get("images")));
    }
  }

  private static void print(String text) {
    System.err.println(text);
  }
}
