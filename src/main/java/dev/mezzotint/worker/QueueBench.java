package dev.mezzotint.worker;

import dev.mezzotint.generation.Arrivals;
import dev.mezzotint.generation.BatchCurve;
import dev.mezzotint.generation.GenerationHandler;
import dev.mezzotint.generation.GenerationSettings;
import dev.mezzotint.generation.LoopSettings;
import dev.mezzotint.generation.ModelInfo;
import dev.mezzotint.generation.ModelLibrary;
import dev.mezzotint.generation.ModelShelf;
import dev.mezzotint.generation.StepLoop;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.DeliveryHandler;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.local.LocalStackProcess;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.torch.TorchDevice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench queue}: a worker's whole path, from the record on the topic to its acknowledgement,
 * over a broker and a store in a process of their own.
 */
@Command(
    name = "queue",
    description = {
      "With no model: one-image jobs through a network that does nothing, and where their time goes.",
      "With a model: its throughput behind a full queue against that of the bare network."
    },
    footer = {"", "Examples:", "  bench queue", "  bench queue --model avatars-32 --seconds 30"})
final class QueueBench implements Callable<Integer> {
  private static final int RUNS = 5;
  private static final int WARM_JOBS = 100;
  private static final Duration LIMIT = Duration.ofMinutes(8);

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "Which model; none for a network that does nothing.")
  private @Nullable String model;

  @Option(
      names = "--jobs",
      defaultValue = "200",
      paramLabel = "N",
      description = "Of each of five runs without a model; default ${DEFAULT-VALUE}.")
  private int jobs = 200;

  @Option(
      names = "--seconds",
      defaultValue = "12",
      paramLabel = "S",
      description = "Of each of five runs with a model; default ${DEFAULT-VALUE}.")
  private double seconds = 12;

  @Option(names = "--lanes", paramLabel = "N", description = "Jobs in hand; default as configured.")
  private @Nullable Integer lanes;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures here.")
  private @Nullable Path json;

  private final Supplier<Settings> configuration;
  private final Map<String, Object> figures = new LinkedHashMap<>();

  QueueBench(Supplier<Settings> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (jobs < 1 || seconds <= 0) {
      throw new InvalidInputException("--jobs", "--jobs and --seconds must be positive");
    }
    Path data = Files.createTempDirectory("mezzotint-bench");
    // A broker and a store of its own: nothing of the user's is touched, and nothing is left.
    System.setProperty("mezzotint.data", data.toString());
    try {
      Settings settings = configuration.get();
      try (Endpoints endpoints = Endpoints.open(settings);
          Connections connections = new Connections(settings, endpoints)) {
        connections.prepare();
        run(settings, endpoints, connections);
      }
    } finally {
      delete(data);
    }
    if (json != null) {
      Files.write(json, JsonText.writePretty(figures));
    }
    return 0;
  }

  private void run(Settings settings, Endpoints endpoints, Connections connections)
      throws InterruptedException {
    int inHand = lanes == null ? settings.lanes() : lanes;
    Stopwatch watch = new Stopwatch();
    if (model == null) {
      ModelShelf shelf = new NullNetwork.Shelf();
      try (Assembly path = new Assembly(settings, connections, shelf, null, inHand, watch)) {
        nothing(path, endpoints, connections, inHand, watch);
      }
      return;
    }
    Device device = TorchDevice.open(settings.device(), settings.threads());
    ModelLibrary library =
        new ModelLibrary(device, new ModelFinder(settings, connections.store())::named);
    ModelInfo info = library.find(model);
    figures.put("machine", device.description());
    try (SamplingNetwork network = library.load(info);
        SamplingNetwork.Slots bare = network.slots(1, info.height(), info.width());
        Assembly path = new Assembly(settings, connections, library, device, inHand, watch)) {
      full(path, info, bare, endpoints, connections, inHand);
    }
  }

  /** The parts of a worker, with a clock on each. */
  private static final class Assembly implements AutoCloseable {
    final StepLoop loop;
    final RequestQueue queue;
    private final ExecutorService encoders = Executors.newFixedThreadPool(4);

    Assembly(
        Settings settings,
        Connections connections,
        ModelShelf shelf,
        @Nullable Device device,
        int lanes,
        Stopwatch watch) {
      loop =
          new StepLoop(
              shelf,
              device == null
                  ? LoopSettings.of(settings.slots())
                  : GenerationRole.loopSettings(settings, device));
      DeliveryHandler handler =
          new GenerationHandler(
              new TimedStore(connections.store(), watch),
              loop,
              new TimedEvents(connections.events(), watch),
              connections::cancelled,
              encoders,
              GenerationSettings.of(settings.worker()));
      queue =
          RequestQueue.of(
              settings.queue(),
              connections.kafka(),
              List.of(connections.kafka().topics().generationRequests()),
              lanes,
              delivery -> {
                long start = System.nanoTime();
                try {
                  return handler.handle(delivery);
                } finally {
                  watch.add("delivery", System.nanoTime() - start);
                }
              },
              topic -> false);
    }

    @Override
    public void close() {
      queue.drain(Duration.ofSeconds(1));
      encoders.shutdownNow();
      loop.close();
    }
  }

  /** One-image jobs; all wait on the topic before the first is taken. */
  private void nothing(
      Assembly path, Endpoints endpoints, Connections connections, int inHand, Stopwatch watch)
      throws InterruptedException {
    submit(endpoints, WARM_JOBS + RUNS * jobs);
    path.queue.start();
    awaitEnds(watch, WARM_JOBS);
    double[] rates = new double[RUNS];
    watch.reset();
    long cpuBefore = ownCpuNanos();
    Optional<Duration> stackBefore = stackCpu(endpoints);
    long began = System.nanoTime();
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      awaitEnds(watch, (long) (run + 1) * jobs);
      rates[run] = jobs / ((System.nanoTime() - start) / 1e9);
    }
    double wallMillis = (System.nanoTime() - began) / 1e6;
    double own = (ownCpuNanos() - cpuBefore) / 1e6;
    double all = watch.count("events: end");
    figures.put("jobsPerSecond", spread(rates));
    say("jobs per second with %d lanes: %s", inHand, spread(rates));
    double calls =
        (watch.count("store: job record")
                + watch.count("store: images")
                + watch.count("store: manifest"))
            / all;
    figures.put("storeCallsPerJob", calls);
    say("store calls per job: %.2f", calls);
    Map<String, Object> parts = new LinkedHashMap<>();
    double named = 0;
    for (String part :
        List.of(
            "store: job record",
            "store: images",
            "store: manifest",
            "events: accepted, started",
            "events: end")) {
      double millis = watch.millis(part) / all;
      named += millis;
      parts.put(part, millis);
    }
    double delivery = watch.millis("delivery") / watch.count("delivery");
    parts.put("encode", encodeMillis());
    parts.put("loop, threads, waiting", delivery - named - encodeMillis());
    // What is left of a lane's time: the record's way here, and its acknowledgement.
    parts.put("fetch and acknowledge", inHand * wallMillis / all - delivery);
    parts.forEach((part, millis) -> say("  %-28s %7.2f ms of a lane's time a job", part, millis));
    figures.put("laneMillisPerJob", parts);
    figures.put("cpuMillisPerJobHere", own / all);
    say("CPU time a job: %.1f ms here", own / all);
    stackCpu(endpoints)
        .flatMap(after -> stackBefore.map(before -> after.minus(before).toMillis() / all))
        .ifPresent(
            millis -> {
              say("CPU time a job: %.1f ms in broker and store", millis);
              figures.put("cpuMillisPerJobBrokerAndStore", millis);
            });
  }

  private static double encodeMillis() {
    float[] noise = new float[3 * 32 * 32];
    Random random = new Random(1);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) random.nextGaussian();
    }
    long start = System.nanoTime();
    int runs = 50;
    for (int i = 0; i < runs; i++) {
      Png.encode(Pixels.fromChw(noise, 0, 3, 32, 32));
    }
    return (System.nanoTime() - start) / 1e6 / runs;
  }

  /** Mixed requests behind a full queue; the bare network before and after each run. */
  private void full(
      Assembly path,
      ModelInfo info,
      SamplingNetwork.Slots bare,
      Endpoints endpoints,
      Connections connections,
      int inHand)
      throws InterruptedException {
    double[] share = new double[RUNS];
    double[] rates = new double[RUNS];
    double[] alone = new double[RUNS];
    int cap = 0;
    long stackMillis = 0;
    // Bare first: nothing else of this process runs, and the queue is not there yet.
    submitMixed(endpoints, info, 200);
    BatchCurve.pass(bare, 0, 8, System::nanoTime);
    path.queue.start();
    while (path.loop.figures().underWay() == 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(3);
    cap = path.loop.curve(info).map(BatchCurve::cap).orElse(1);
    for (int run = 0; run < RUNS; run++) {
      long before = path.loop.figures().rowSteps();
      long busyBefore = path.loop.figures().stepNanos();
      Optional<Duration> stackBefore = stackCpu(endpoints);
      long start = System.nanoTime();
      TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
      double nanos = System.nanoTime() - start;
      rates[run] = (path.loop.figures().rowSteps() - before) * 1e9 / nanos;
      share[run] = (path.loop.figures().stepNanos() - busyBefore) / nanos;
      stackMillis +=
          stackCpu(endpoints)
              .flatMap(after -> stackBefore.map(b -> after.minus(b).toMillis()))
              .orElse(0L);
    }
    path.queue.drain(Duration.ofMillis(1));
    while (path.loop.figures().underWay() + path.loop.figures().waiting() > 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      int passes = 0;
      while (System.nanoTime() - start < 2e9) {
        BatchCurve.pass(bare, 0, cap, System::nanoTime);
        passes++;
      }
      alone[run] = passes * cap * 1e9 / (System.nanoTime() - start);
    }
    double against = median(rates) / median(alone);
    say(
        "%s behind a full queue of mixed requests, %d lanes, passes of %d",
        info.reference(), inHand, cap);
    say("worker       %s row-steps/s", spread(rates));
    say("bare network %s row-steps/s", spread(alone));
    say("share        %.3f; the device was busy %s of the time", against, spread(share));
    say("broker and store used %.2f s of CPU time in %.0f s", stackMillis / 1e3, RUNS * seconds);
    figures.put("lanes", inHand);
    figures.put("rows", cap);
    figures.put("worker", spread(rates));
    figures.put("bare", spread(alone));
    figures.put("share", against);
    figures.put("deviceBusy", spread(share));
    figures.put("brokerAndStoreCpuSeconds", stackMillis / 1e3);
  }

  private static void submit(Endpoints endpoints, int count) {
    try (KafkaRequests requests = new KafkaRequests(endpoints)) {
      for (int i = 0; i < count; i++) {
        String id = "bench-" + i;
        requests.submit(id, json(Map.of("id", id, "model", NullNetwork.NAME, "seed", i)));
      }
    }
  }

  private static void submitMixed(Endpoints endpoints, ModelInfo info, int count) {
    Random random = new Random(7);
    try (KafkaRequests requests = new KafkaRequests(endpoints)) {
      for (int i = 0; i < count; i++) {
        String id = "bench-" + i;
        Arrivals.Request mixed = Arrivals.mixed(random, 0);
        requests.submit(
            id,
            json(
                Map.of(
                    "id",
                    id,
                    "model",
                    info.name(),
                    "seed",
                    i,
                    "count",
                    mixed.images(),
                    "steps",
                    mixed.steps(),
                    "sampler",
                    mixed.solver().word())));
      }
    }
  }

  private static byte[] json(Map<String, Object> request) {
    return new String(JsonText.write(request), StandardCharsets.UTF_8)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void awaitEnds(Stopwatch watch, long count) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (watch.count("events: end") < count) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("only " + watch.count("events: end") + " jobs ended");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private static long ownCpuNanos() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private static Optional<Duration> stackCpu(Endpoints endpoints) {
    return endpoints
        .embedded()
        .filter(LocalStackProcess.class::isInstance)
        .map(LocalStackProcess.class::cast)
        .flatMap(stack -> ProcessHandle.of(stack.pid()))
        .flatMap(process -> process.info().totalCpuDuration());
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static String spread(double[] values) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return String.format(
        Locale.ROOT,
        "%.3g (%.3g to %.3g)",
        sorted[sorted.length / 2],
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private static void say(String format, Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
