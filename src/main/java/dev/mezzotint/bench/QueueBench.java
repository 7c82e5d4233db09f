package dev.mezzotint.bench;

import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.local.LocalStackProcess;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.worker.Connections;
import dev.mezzotint.worker.Endpoints;
import dev.mezzotint.worker.KafkaSystem;
import dev.mezzotint.worker.ModelFinder;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
public final class QueueBench implements Callable<Integer> {
  private static final int RUNS = 5;
  private static final int WARM_JOBS = 100;
  private static final int TURNS = 10;
  private static final int MIXED_JOBS = 300;
  private static final long BARE_NANOS = 2_000_000_000L;
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
      defaultValue = "6",
      paramLabel = "S",
      description = "Of each of ten turns with a model; default ${DEFAULT-VALUE}.")
  private double seconds = 6;

  @Option(names = "--lanes", paramLabel = "N", description = "Jobs in hand; default as configured.")
  private @Nullable Integer lanes;

  @Mixin private BenchReport output = new BenchReport();

  private final Supplier<WorkerConfig> configuration;
  private final Map<String, Object> figures = new LinkedHashMap<>();

  public QueueBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    output.check();
    if (jobs < 1 || seconds <= 0) {
      throw new InvalidInputException("--jobs", "--jobs and --seconds must be positive");
    }
    Path data = Files.createTempDirectory("mezzotint-bench");
    // A broker and a store of its own: nothing of the user's is touched, and nothing is left.
    System.setProperty("mezzotint.data", data.toString());
    try {
      WorkerConfig settings = configuration.get();
      try (Endpoints endpoints = Endpoints.open(settings);
          Connections connections = new Connections(settings, endpoints)) {
        connections.prepare();
        run(settings, endpoints, connections);
      }
    } finally {
      delete(data);
    }
    return output.end(figures);
  }

  private void run(WorkerConfig settings, Endpoints endpoints, Connections connections)
      throws InterruptedException {
    int inHand = lanes == null ? settings.lanes() : lanes;
    Stopwatch watch = new Stopwatch();
    if (model == null) {
      ModelLoader shelf = new NullNetwork.Shelf();
      try (InstrumentedWorker path =
          new InstrumentedWorker(settings, connections, shelf, null, inHand, watch)) {
        nothing(path, endpoints, inHand, watch);
      }
      return;
    }
    Device device = TorchDevice.open(settings.device(), settings.threads(), settings.precision());
    ModelResolver library =
        new ModelResolver(device, new ModelFinder(settings, connections.store())::named);
    ModelInfo info = library.find(model);
    figures.put("machine", device.description());
    GatedModelLoader gate = new GatedModelLoader(library);
    try (SamplingNetwork network = library.load(info);
        SamplingNetwork.Slots bare = network.slots(1, info.height(), info.width());
        InstrumentedWorker path =
            new InstrumentedWorker(settings, connections, gate, device, inHand, watch)) {
      full(path, gate, info, bare, endpoints, inHand);
    }
  }

  /** One-image jobs; all wait on the topic before the first is taken. */
  private void nothing(InstrumentedWorker path, Endpoints endpoints, int inHand, Stopwatch watch)
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
    figures.put("jobsPerSecond", SampleStatistics.of(rates).toMap());
    say("jobs per second with %d lanes: %s", inHand, SampleStatistics.of(rates).text("%.1f"));
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

  /** Mixed requests behind a full queue; the worker and the bare network by turns. */
  private void full(
      InstrumentedWorker path,
      GatedModelLoader gate,
      ModelInfo info,
      SamplingNetwork.Slots bare,
      Endpoints endpoints,
      int inHand)
      throws InterruptedException {
    submitMixed(endpoints, info, MIXED_JOBS);
    path.queue.start();
    while (path.loop.metrics().running() == 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(3);
    int cap = path.loop.curve(info).map(BatchCurve::cap).orElse(1);
    double[] rates = new double[TURNS];
    double[] alone = new double[TURNS];
    double[] share = new double[TURNS];
    double stackSeconds = 0;
    double wall = 0;
    gate.hold();
    double before = bareRate(bare, cap);
    for (int turn = 0; turn < TURNS; turn++) {
      Optional<Duration> stackBefore = stackCpu(endpoints);
      long rows = gate.rowSteps();
      long start = System.nanoTime();
      gate.release();
      TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
      gate.hold(); // the pass in hand has ended: whole passes are counted
      double nanos = System.nanoTime() - start;
      rates[turn] = (gate.rowSteps() - rows) * 1e9 / nanos;
      wall += nanos / 1e9;
      stackSeconds +=
          stackCpu(endpoints)
              .flatMap(after -> stackBefore.map(b -> after.minus(b).toMillis() / 1e3))
              .orElse(0.0);
      double after = bareRate(bare, cap);
      alone[turn] = (before + after) / 2;
      share[turn] = rates[turn] / alone[turn];
      before = after;
    }
    gate.release();
    say(
        "%s behind a full queue of mixed requests, %d lanes, passes of %d",
        info.reference(), inHand, cap);
    say("worker       %s row-steps/s", SampleStatistics.of(rates).text("%.3g"));
    say("bare network %s row-steps/s, by turns", SampleStatistics.of(alone).text("%.3g"));
    say("share        %s", SampleStatistics.of(share).text("%.3g"));
    say("broker and store used %.2f s of CPU time in %.0f s", stackSeconds, wall);
    figures.put("lanes", inHand);
    figures.put("rows", cap);
    figures.put("worker", SampleStatistics.of(rates).toMap());
    figures.put("bare", SampleStatistics.of(alone).toMap());
    figures.put("share", SampleStatistics.of(share).toMap());
    figures.put("brokerAndStoreCpuSeconds", stackSeconds);
    figures.put("seconds", wall);
  }

  /** Row-steps per second of nothing but the network. */
  private static double bareRate(SamplingNetwork.Slots bare, int size) {
    long start = System.nanoTime();
    long rows = 0;
    do {
      BatchCurve.timePass(bare, 0, size, System::nanoTime);
      rows += size;
    } while (System.nanoTime() - start < BARE_NANOS);
    return rows * 1e9 / (System.nanoTime() - start);
  }

  private static void submit(Endpoints endpoints, int count) {
    try (KafkaSystem requests = new KafkaSystem(endpoints)) {
      for (int i = 0; i < count; i++) {
        String id = "bench-" + i;
        requests.submit(
            MezzotintSystem.Kind.GENERATION,
            id,
            json(Map.of("id", id, "model", NullNetwork.NAME, "seed", i)));
      }
    }
  }

  static void submitMixed(Endpoints endpoints, ModelInfo info, int count) {
    Random random = new Random(7);
    try (KafkaSystem requests = new KafkaSystem(endpoints)) {
      for (int i = 0; i < count; i++) {
        String id = "bench-" + i;
        ServingModes.Request mixed = ServingModes.mixed(random, 0);
        requests.submit(
            MezzotintSystem.Kind.GENERATION,
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
                    mixed.solver().wireName())));
      }
    }
  }

  private static byte[] json(Map<String, Object> request) {
    return JsonText.write(request);
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

  private static void say(String format, Object... arguments) {
    System.out.println(String.format(Locale.ROOT, format, arguments));
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
