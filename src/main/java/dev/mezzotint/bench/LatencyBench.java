package dev.mezzotint.bench;

import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.network.Device;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.StepLoopMetrics;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.KafkaSystem;
import dev.mezzotint.worker.ModelFinder;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench latency}: from a request to the event that its picture is there, on a worker that
 * has nothing else to do, over a broker and a store in a process of their own.
 */
@Command(
    name = "latency",
    description = "Time from a request of one picture to its event, and where it goes.",
    footer = {"", "Example:", "  bench latency --model drive-64 --steps 4,8"})
public final class LatencyBench implements Callable<Integer> {
  private static final int WARM_RUNS = 5;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** Until a watcher's consumer has its place and waits. */
  private static final long SETTLE_MILLIS = 700;

  private static final List<String> NAMED =
      List.of(
          "store: job record",
          "store: images",
          "store: manifest",
          "events: accepted, started",
          "events: end");

  @Option(names = "--model", required = true, paramLabel = "NAME", description = "Which model.")
  private String model = "";

  @Option(
      names = "--steps",
      split = ",",
      defaultValue = "4,8",
      paramLabel = "T",
      description = "Numbers of steps, one after the other; default ${DEFAULT-VALUE}.")
  private List<Integer> steps = List.of(4, 8);

  @Option(
      names = "--runs",
      defaultValue = "20",
      paramLabel = "N",
      description = "Requests of each; default ${DEFAULT-VALUE}.")
  private int runs = 20;

  @Mixin private BenchReport output = new BenchReport();

  private final Supplier<WorkerConfig> configuration;

  public LatencyBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  /** Milliseconds of one request, by part; {@code total} is their sum. */
  private static final class Parts {
    final Map<String, List<Double>> byPart = new LinkedHashMap<>();

    void add(String part, double millis) {
      byPart.computeIfAbsent(part, p -> new ArrayList<>()).add(millis);
    }

    SampleStatistics spread(String part) {
      return SampleStatistics.of(
          byPart.getOrDefault(part, List.of(0.0)).stream()
              .mapToDouble(Double::doubleValue)
              .toArray());
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    output.check();
    if (runs < 1 || steps.stream().anyMatch(t -> t < 1 || t > 1000)) {
      throw new InvalidInputException("--steps", "--steps must be 1 to 1000, --runs positive");
    }
    Path data = Files.createTempDirectory("mezzotint-bench");
    System.setProperty("mezzotint.data", data.toString());
    Map<String, Object> figures = new LinkedHashMap<>();
    try {
      WorkerConfig settings = configuration.get();
      try (Endpoints endpoints = Endpoints.open(settings);
          Connections connections = new Connections(settings, endpoints)) {
        connections.prepare();
        run(settings, endpoints, connections, figures);
      }
    } finally {
      QueueBench.delete(data);
    }
    return output.end(figures);
  }

  private void run(
      WorkerConfig settings,
      Endpoints endpoints,
      Connections connections,
      Map<String, Object> figures)
      throws InterruptedException {
    Device device = TorchDevice.open(settings.device(), settings.threads(), settings.precision());
    ModelResolver library =
        new ModelResolver(device, new ModelFinder(settings, connections.store())::named);
    ModelInfo info = library.find(model);
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("model", info.name());
    if (!info.condition().isEmpty()) {
      request.put("condition", condition(info));
    }
    Stopwatch watch = new Stopwatch();
    try (KafkaSystem requests = new KafkaSystem(endpoints);
        InstrumentedWorker path =
            new InstrumentedWorker(
                settings, connections, library, device, settings.lanes(), watch)) {
      path.queue.start();
      say("one picture of %s, %s", info.reference(), device.description());
      for (int t : steps) {
        request.put("steps", t);
        Parts parts = new Parts();
        for (int run = -WARM_RUNS; run < runs; run++) {
          request.put("id", "latency-" + t + "-" + (run + WARM_RUNS));
          Parts into = run < 0 ? new Parts() : parts;
          one(request, requests, path, watch, encodeMillis(info), into);
        }
        figures.put(t + " steps", tell(t, parts));
      }
    }
  }

  private static void one(
      Map<String, Object> request,
      KafkaSystem requests,
      InstrumentedWorker path,
      Stopwatch watch,
      double encode,
      Parts parts)
      throws InterruptedException {
    String id = String.valueOf(request.get("id"));
    // Heard when it comes: a consumer takes its time to close.
    AtomicLong heardAt = new AtomicLong();
    CompletableFuture<JobEvent> heard =
        CompletableFuture.supplyAsync(
            () ->
                requests
                    .watch(
                        id,
                        Instant.now(),
                        LIMIT,
                        event -> heardAt.set(System.nanoTime()),
                        event -> event.type().terminal())
                    .orElseThrow(() -> new IllegalStateException("no end of " + id)));
    TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
    watch.reset();
    StepLoopMetrics before = path.loop.metrics();
    long sent = System.nanoTime();
    requests.submit(MezzotintSystem.Kind.GENERATION, id, JsonText.write(request));
    JobEvent event = heard.join();
    if (event.type() != JobEvent.Type.COMPLETED) {
      throw new IllegalStateException(id + ": " + event.data().get("cause"));
    }
    long end = heardAt.get();
    while (watch.marked("handled") == 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    double delivery = watch.millis("delivery");
    double network = (path.loop.metrics().stepNanos() - before.stepNanos()) / 1e6;
    double rest = delivery - network - encode;
    parts.add("total", (end - sent) / 1e6);
    parts.add("queue: to a lane", (watch.marked("taken") - sent) / 1e6);
    parts.add("network", network);
    parts.add("encode", encode);
    for (String part : NAMED) {
      parts.add(part, watch.millis(part));
      rest -= watch.millis(part);
    }
    parts.add("threads, waiting", rest);
    // The event travels while the lane winds up: what is left may be below zero.
    parts.add("event: to its reader", (end - watch.marked("handled")) / 1e6);
  }

  private static Map<String, Object> tell(int t, Parts parts) {
    say("%d steps: %s ms from request to event", t, parts.spread("total").text("%.1f"));
    Map<String, Object> figures = new LinkedHashMap<>();
    for (String part : parts.byPart.keySet()) {
      SampleStatistics spread = parts.spread(part);
      figures.put(part, spread.toMap());
      if (!part.equals("total")) {
        say("  %-28s %s ms", part, spread.text("%7.2f"));
      }
    }
    return figures;
  }

  private static Map<String, Object> condition(ModelInfo info) {
    Map<String, Object> parts = new LinkedHashMap<>();
    for (ConditionPart part : info.condition()) {
      byte[] rgb = new byte[3 * info.height() * info.width()];
      Arrays.fill(rgb, (byte) 128);
      Pixels picture = new Pixels(info.width(), info.height(), 3, rgb);
      if (part.palette().isPresent()) {
        Palette palette = part.palette().get();
        byte[] classes = new byte[info.height() * info.width()];
        picture = palette.colours(new Pixels(info.width(), info.height(), 1, classes));
      }
      String data = Base64.getEncoder().encodeToString(Png.encode(picture));
      parts.put(part.name(), Map.of("mediaType", "image/png", "data", data));
    }
    return Map.of("parts", parts);
  }

  private static double encodeMillis(ModelInfo info) {
    float[] noise = new float[info.channels() * info.height() * info.width()];
    Noise.gaussian(/* seed= */ 1, /* index= */ 0, noise, /* offset= */ 0, noise.length);
    long start = System.nanoTime();
    Png.encode(Pixels.fromChw(noise, 0, info.channels(), info.height(), info.width()));
    return (System.nanoTime() - start) / 1e6;
  }

  private static void say(String format, Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }
}
