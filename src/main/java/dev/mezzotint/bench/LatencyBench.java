package dev.mezzotint.bench;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.network.Device;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.StepLoopMetrics;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
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
 * {@code bench latency}: the time from a one-image request to its completion event on an otherwise
 * idle worker, with a broker and a store in a process of their own.
 */
@Command(
    name = "latency",
    description = "Measure the time from a one-image request to its completion event, by part.",
    footer = {"", "Example:", "  bench latency --model drive-64 --steps 4,8"})
public final class LatencyBench implements Callable<Integer> {
  private static final int WARM_RUNS = 5;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** Time for a watcher's consumer to seek to the end and poll. */
  private static final long SETTLE_MILLIS = 700;

  @Option(names = "--model", required = true, paramLabel = "REF", description = "The model.")
  private String model = "";

  @Option(
      names = "--steps",
      split = ",",
      defaultValue = "4,8",
      paramLabel = "T",
      description = "Numbers of steps, measured in turn; default ${DEFAULT-VALUE}.")
  private List<Integer> steps = List.of(4, 8);

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Requests for each number of steps; default ${DEFAULT-VALUE}.")
  private int requests = 20;

  @Mixin private BenchReport report = new BenchReport();

  private final Supplier<WorkerConfig> configuration;

  public LatencyBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  /** Milliseconds of each request by part; {@code total} is their sum. */
  private static final class Parts {
    final Map<String, List<Double>> byPart = new LinkedHashMap<>();

    void add(String part, double millis) {
      byPart.computeIfAbsent(part, p -> new ArrayList<>()).add(millis);
    }

    SampleStatistics statistics(String part) {
      return SampleStatistics.of(
          byPart.getOrDefault(part, List.of(0.0)).stream()
              .mapToDouble(Double::doubleValue)
              .toArray());
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    report.check();
    if (requests < 1 || steps.stream().anyMatch(t -> t < 1 || t > 1000)) {
      throw new InvalidInputException("--steps", "--steps must be 1 to 1000, --requests positive");
    }
    BenchStack.run(configuration, Instrumentation.none(), this::run);
    return report.finish();
  }

  private void run(BenchStack stack) throws InterruptedException {
    Device device = stack.device();
    ModelResolver models = stack.models(device);
    ModelInfo info = models.find(model);
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("model", info.name());
    if (!info.condition().isEmpty()) {
      request.put("condition", condition(info));
    }
    Stopwatch watch = new Stopwatch();
    try (JobClient client = stack.client();
        InstrumentedWorker worker =
            new InstrumentedWorker(
                stack.config(),
                stack.connections(),
                models,
                device,
                stack.config().lanes(),
                watch,
                JobListener.NONE)) {
      worker.queue.start();
      report.print("one image of %s, %s", info.reference(), device.description());
      for (int t : steps) {
        request.put("steps", t);
        Parts parts = new Parts();
        for (int run = -WARM_RUNS; run < requests; run++) {
          request.put("id", "latency-" + t + "-" + (run + WARM_RUNS));
          double encode =
              InstrumentedWorker.encodeMillis(info.channels(), info.height(), info.width(), 1);
          measure(request, client, worker, watch, encode, run < 0 ? new Parts() : parts);
        }
        print(t, parts);
      }
    }
  }

  private static void measure(
      Map<String, Object> request,
      JobClient client,
      InstrumentedWorker worker,
      Stopwatch watch,
      double encode,
      Parts parts)
      throws InterruptedException {
    String id = String.valueOf(request.get("id"));
    // The time at which the event arrives: closing the consumer afterwards takes a while.
    AtomicLong arrivedAt = new AtomicLong();
    CompletableFuture<JobEvent> arrived =
        CompletableFuture.supplyAsync(
            () ->
                client
                    .watch(
                        id,
                        Instant.now(),
                        LIMIT,
                        event -> arrivedAt.set(System.nanoTime()),
                        event -> event.type().terminal())
                    .orElseThrow(() -> new IllegalStateException(id + " did not end")));
    TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
    watch.reset();
    StepLoopMetrics before = worker.loop.metrics();
    long sent = System.nanoTime();
    client.submit(JobClient.Kind.GENERATION, id, JsonText.write(request));
    JobEvent event = arrived.join();
    if (event.type() != JobEvent.Type.COMPLETED) {
      throw new IllegalStateException(id + ": " + event.data().get("cause"));
    }
    long end = arrivedAt.get();
    while (watch.marked("handled") == 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    double network = (worker.loop.metrics().stepNanos() - before.stepNanos()) / 1e6;
    double rest = watch.millis("delivery") - network - encode;
    parts.add("total", (end - sent) / 1e6);
    parts.add("queue: to a lane", (watch.marked("taken") - sent) / 1e6);
    parts.add("network", network);
    parts.add("encode", encode);
    for (String part : InstrumentedWorker.PARTS) {
      parts.add(part, watch.millis(part));
      rest -= watch.millis(part);
    }
    parts.add("threads, waiting", rest);
    // May be negative: the event arrives while the lane still finishes the delivery.
    parts.add("event: to its reader", (end - watch.marked("handled")) / 1e6);
  }

  private void print(int steps, Parts parts) {
    report.print(
        "%d steps: %s ms from request to event", steps, parts.statistics("total").text("%.1f"));
    Map<String, Object> metrics = new LinkedHashMap<>();
    for (String part : parts.byPart.keySet()) {
      SampleStatistics millis = parts.statistics(part);
      metrics.put(part, millis.toMap());
      if (!part.equals("total")) {
        report.print("  %-28s %s ms", part, millis.text("%7.2f"));
      }
    }
    report.put(steps + " steps", metrics);
  }

  private static Map<String, Object> condition(ModelInfo info) {
    Map<String, Object> parts = new LinkedHashMap<>();
    for (ConditionPart part : info.condition()) {
      byte[] rgb = new byte[3 * info.height() * info.width()];
      Arrays.fill(rgb, (byte) 128);
      Pixels image = new Pixels(info.width(), info.height(), 3, rgb);
      if (part.palette().isPresent()) {
        byte[] classes = new byte[info.height() * info.width()];
        image = part.palette().get().colours(new Pixels(info.width(), info.height(), 1, classes));
      }
      String data = Base64.getEncoder().encodeToString(Png.encode(image));
      parts.put(part.name(), Map.of("mediaType", "image/png", "data", data));
    }
    return Map.of("parts", parts);
  }
}
