package dev.mezzotint.bench;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.delivery.JobListener;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.observability.Instrumentation;
import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench queue}: the whole path of a worker, from the record on the topic to its
 * acknowledgement, with a broker and a store in a process of their own.
 */
@Command(
    name = "queue",
    description = {
      "Measure the throughput of a worker behind a full queue.",
      "Without a model: one-image jobs through a network that does nothing, with the time of each"
          + " part.",
      "With a model: the worker's throughput behind a full queue against the bare network's."
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
      paramLabel = "REF",
      description = "The model; default a network that does nothing.")
  private @Nullable String model;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Jobs in each of five runs without a model; default ${DEFAULT-VALUE}.")
  private int jobs = 200;

  @Option(
      names = "--seconds",
      defaultValue = "6",
      paramLabel = "S",
      description = "Length of each of ten turns with a model; default ${DEFAULT-VALUE}.")
  private double seconds = 6;

  @Option(
      names = "--lanes",
      paramLabel = "N",
      description = "Jobs in progress at once; default as configured.")
  private @Nullable Integer lanes;

  @Mixin private BenchReport report = new BenchReport();

  private final Supplier<WorkerConfig> configuration;

  public QueueBench(Supplier<WorkerConfig> configuration) {
    this.configuration = configuration;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    report.check();
    refuseIf(jobs < 1 || seconds <= 0, "--jobs", "and --seconds must be positive");
    BenchStack.run(configuration, Instrumentation.none(), this::run);
    return report.finish();
  }

  private void run(BenchStack stack) throws InterruptedException {
    int count = lanes == null ? stack.config().lanes() : lanes;
    Stopwatch watch = new Stopwatch();
    if (model == null) {
      try (InstrumentedWorker worker =
          worker(stack, new NullNetwork.Loader(), null, count, watch)) {
        measureOverhead(worker, stack, count, watch);
      }
      return;
    }
    Device device = stack.device();
    ModelResolver models = stack.models(device);
    ModelInfo info = models.find(model);
    report.put("machine", device.description());
    GatedModelLoader gate = new GatedModelLoader(models);
    try (SamplingNetwork network = models.load(info);
        SamplingNetwork.Slots bare = network.slots(1, info.height(), info.width());
        InstrumentedWorker worker = worker(stack, gate, device, count, watch)) {
      measureFullQueue(worker, gate, info, bare, stack, count);
    }
  }

  private static InstrumentedWorker worker(
      BenchStack stack, ModelLoader models, @Nullable Device device, int lanes, Stopwatch watch) {
    return new InstrumentedWorker(
        stack.config(), stack.connections(), models, device, lanes, watch, JobListener.NONE);
  }

  /** One-image jobs, all of them on the topic before the first is consumed. */
  private void measureOverhead(
      InstrumentedWorker worker, BenchStack stack, int lanes, Stopwatch watch)
      throws InterruptedException {
    stack.submit(NullNetwork.NAME, WARM_JOBS + RUNS * jobs, Map::of);
    worker.queue.start();
    awaitEnds(watch, WARM_JOBS);
    double[] rates = new double[RUNS];
    watch.reset();
    long cpuBefore = ownCpuNanos();
    Optional<Duration> serversBefore = stack.serversCpu();
    long began = System.nanoTime();
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      awaitEnds(watch, (long) (run + 1) * jobs);
      rates[run] = jobs / ((System.nanoTime() - start) / 1e9);
    }
    double wallMillis = (System.nanoTime() - began) / 1e6;
    double own = (ownCpuNanos() - cpuBefore) / 1e6;
    double all = watch.count("events: end");
    report.spread("jobsPerSecond", "jobs per second with " + lanes + " lanes: %s", "%.1f", rates);
    double calls =
        InstrumentedWorker.PARTS.stream()
                .filter(part -> part.startsWith("store"))
                .mapToLong(watch::count)
                .sum()
            / all;
    report.put("storeCallsPerJob", calls);
    report.print("store calls per job: %.2f", calls);
    Map<String, Object> parts = new LinkedHashMap<>();
    double named = 0;
    for (String part : InstrumentedWorker.PARTS) {
      double millis = watch.millis(part) / all;
      named += millis;
      parts.put(part, millis);
    }
    double delivery = watch.millis("delivery") / watch.count("delivery");
    double encode = InstrumentedWorker.encodeMillis(3, 32, 32, 50);
    parts.put("encode", encode);
    parts.put("loop, threads, waiting", delivery - named - encode);
    // The rest of a lane's time: fetching the record and acknowledging it.
    parts.put("fetch and acknowledge", lanes * wallMillis / all - delivery);
    parts.forEach(
        (part, millis) -> report.print("  %-28s %7.2f ms of a lane's time per job", part, millis));
    report.put("laneMillisPerJob", parts);
    report.put("cpuMillisPerJobHere", own / all);
    report.print("CPU time per job: %.1f ms in this process", own / all);
    stack
        .serversCpu()
        .flatMap(after -> serversBefore.map(before -> after.minus(before).toMillis() / all))
        .ifPresent(
            millis -> {
              report.print("CPU time per job: %.1f ms in broker and store", millis);
              report.put("cpuMillisPerJobBrokerAndStore", millis);
            });
  }

  /** Mixed requests behind a full queue: the worker and the bare network alternately. */
  private void measureFullQueue(
      InstrumentedWorker worker,
      GatedModelLoader gate,
      ModelInfo info,
      SamplingNetwork.Slots bare,
      BenchStack stack,
      int lanes)
      throws InterruptedException {
    stack.submitMixed(info, MIXED_JOBS);
    worker.startWarm();
    int cap = worker.loop.curve(info).map(BatchCurve::cap).orElse(1);
    double[] rates = new double[TURNS];
    double[] alone = new double[TURNS];
    double[] share = new double[TURNS];
    double serverSeconds = 0;
    double wall = 0;
    gate.hold();
    double before = bareRate(bare, cap);
    for (int turn = 0; turn < TURNS; turn++) {
      Optional<Duration> serversBefore = stack.serversCpu();
      long rows = gate.rowSteps();
      long start = System.nanoTime();
      gate.release();
      TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
      gate.hold(); // after the current pass: whole passes are counted
      double nanos = System.nanoTime() - start;
      rates[turn] = (gate.rowSteps() - rows) * 1e9 / nanos;
      wall += nanos / 1e9;
      serverSeconds +=
          stack
              .serversCpu()
              .flatMap(after -> serversBefore.map(b -> after.minus(b).toMillis() / 1e3))
              .orElse(0.0);
      double after = bareRate(bare, cap);
      alone[turn] = (before + after) / 2;
      share[turn] = rates[turn] / alone[turn];
      before = after;
    }
    gate.release();
    report.print(
        "%s behind a full queue of mixed requests, %d lanes, passes of %d",
        info.reference(), lanes, cap);
    report.spread("worker", "worker       %s row-steps/s", "%.3g", rates);
    report.spread("bare", "bare network %s row-steps/s", "%.3g", alone);
    report.spread("share", "share        %s", "%.3g", share);
    report.print("broker and store used %.2f s of CPU time in %.0f s", serverSeconds, wall);
    report.put("lanes", lanes);
    report.put("rows", cap);
    report.put("brokerAndStoreCpuSeconds", serverSeconds);
    report.put("seconds", wall);
  }

  /** Row-steps per second of the network alone. */
  private static double bareRate(SamplingNetwork.Slots bare, int size) {
    long start = System.nanoTime();
    long rows = 0;
    do {
      BatchCurve.timePass(bare, 0, size, System::nanoTime);
      rows += size;
    } while (System.nanoTime() - start < BARE_NANOS);
    return rows * 1e9 / (System.nanoTime() - start);
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
}
