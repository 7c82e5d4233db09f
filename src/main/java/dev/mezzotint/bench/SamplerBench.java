package dev.mezzotint.bench;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import com.sun.management.ThreadMXBean;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.ModelOptions;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.BatchCurves;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench sampler}: measures the gain of batching at the step on this machine. */
@Command(
    name = "sampler",
    description = {
      "Measure a model's batch curve and the step loop.",
      "Compares the loop with the bare network, and the same requests batched by step, batched by"
          + " request and one by one. With --batch: bare passes of these sizes, alone or alternately"
          + " with another program, against plain matrix products."
    },
    footer = {
      "",
      "Examples:",
      "  bench sampler --model avatars-32 --report sampler.json --out docs",
      "  bench sampler --model avatars-32 --batch 1,8,32 --peer \"python"
          + " src/benchmark/peer/peer.py\""
    })
public final class SamplerBench implements Callable<Integer> {
  private static final int RUNS = 5;
  private static final double BARE_SECONDS = 2;

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private BenchReport report = new BenchReport();

  @Option(names = "--out", paramLabel = "DIR", description = "Write a plot, batching.png.")
  private @Nullable Path out;

  @Option(
      names = "--seconds",
      defaultValue = "6",
      paramLabel = "S",
      description = "Length of each of five runs of the full queue; default ${DEFAULT-VALUE}.")
  private double seconds = 6;

  @Option(
      names = "--live",
      defaultValue = "0",
      paramLabel = "S",
      description =
          "Seconds of arrivals in real time for each serving mode, many if requests take long;"
              + " default ${DEFAULT-VALUE}: none.")
  private double live;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "Requests in virtual time; default ${DEFAULT-VALUE}.")
  private int requests = 2_000;

  @Option(
      names = "--lanes",
      paramLabel = "N",
      description = "Requests in progress at once; default ${DEFAULT-VALUE}.")
  private int lanes = 16;

  @Option(names = "--batch", split = ",", paramLabel = "N", description = "Rows of a bare pass.")
  private List<Integer> batches = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Turns of each side with --batch; default ${DEFAULT-VALUE}.")
  private int rounds = 5;

  @Option(
      names = "--peer",
      paramLabel = "COMMAND",
      description = "The other program, with --batch.")
  private @Nullable String peer;

  private final CommandContext context;

  public SamplerBench(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (requests < 10 || lanes < 1 || seconds <= 0 || live < 0) {
      throw InvalidInputException.of(
          "--requests", "must be at least 10, --lanes and --seconds positive, --live at least 0");
    }
    if (rounds < 1 || rounds > 1000 || batches.stream().anyMatch(n -> n < 1 || n > 1024)) {
      throw InvalidInputException.of("--batch", "must be 1 to 1024 rows, --rounds 1 to 1000");
    }
    refuseIf(peer != null && batches.isEmpty(), "--peer", "needs --batch: the rows of a pass");
    report.check();
    if (out != null) {
      OutputPaths.folder("--out", out);
    }
    ModelFiles files = context.model(model.reference());
    Device device = context.device(model.device);
    ModelResolver models = ModelResolver.of(device, files);
    ModelInfo info = ModelInfo.of(files);
    report.recordMachine(device, info.reference());
    if (!batches.isEmpty()) {
      try (ReferenceProcess other = SideBySide.open(peer, files, device)) {
        new BarePasses(device, files, info)
            .measure(batches, SideBySide.sampler(rounds, seconds, other, report), report);
      }
      return report.finish();
    }
    int largest = device.name().equals("cpu") ? StepLoopSettings.PASS_DEFAULT : 64;
    int slots = 2 * largest;
    try (SamplingNetwork network = ModelResolver.load(device, files);
        SamplingNetwork.Slots rows = network.slots(1, info.height(), info.width())) {
      BatchCurve curve = curve(rows, BatchCurve.sizes(largest));
      fullQueue(models, info, rows, curve, slots, largest);
      arrivals(rows, curve, slots);
    }
    return report.finish();
  }

  private BatchCurve curve(SamplingNetwork.Slots rows, int[] sizes) {
    report.print(
        "%nBatch curve, median of %d runs%n%5s %26s %12s", RUNS, "rows", "ms per pass", "rows/s");
    for (int size : sizes) {
      BatchCurve.timePass(rows, 0, size, System::nanoTime);
    }
    double[][] millis = new double[sizes.length][RUNS];
    for (int run = 0; run < RUNS; run++) {
      for (int i = 0; i < sizes.length; i++) {
        millis[i][run] = barePassMillis(rows, sizes[i], 0.3);
      }
    }
    long[] nanos = new long[sizes.length];
    List<Object> points = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      SampleStatistics spread = SampleStatistics.of(millis[i]);
      nanos[i] = (long) (1e6 * spread.median());
      double rate = 1e3 * sizes[i] / spread.median();
      report.print("%5d %26s %12.1f", sizes[i], spread.text("%.2f"), rate);
      points.add(Map.of("rows", sizes[i], "millis", spread.toMap(), "rowStepsPerSecond", rate));
    }
    BatchCurve curve = BatchCurve.of(sizes, nanos);
    report.print("passes pay up to %d rows", curve.cap());
    report.put("curve", points);
    report.put("cap", curve.cap());
    return curve;
  }

  private static double barePassMillis(SamplingNetwork.Slots rows, int size, double seconds) {
    long start = System.nanoTime();
    RealTimePasses live = new RealTimePasses(rows);
    int passes = 0;
    do {
      live.pass(size);
      passes++;
    } while (System.nanoTime() - start < seconds * 1e9);
    return (System.nanoTime() - start) / 1e6 / passes;
  }

  /** The step loop with a full queue and the bare network, alternately. */
  private void fullQueue(
      ModelResolver models,
      ModelInfo info,
      SamplingNetwork.Slots rows,
      BatchCurve curve,
      int slots,
      int largest)
      throws InterruptedException {
    StepLoopSettings settings =
        StepLoopSettings.of(slots).withPassMax(largest).withCurves(BatchCurves.measured());
    try (StepLoop loop = new StepLoop(models, settings);
        FullQueue queue = new FullQueue(loop, info)) {
      queue.warm();
      int cap = loop.curve(info).orElse(curve).cap();
      double[] bare = new double[RUNS];
      double[] full = new double[RUNS];
      double[] share = new double[RUNS];
      long passes = loop.metrics().passes();
      long allocated = allocatedByLoop();
      for (int run = 0; run < RUNS; run++) {
        double before = 1e3 * cap / barePassMillis(rows, cap, BARE_SECONDS);
        full[run] = queue.rowStepsPerSecond(lanes, seconds);
        double after = 1e3 * cap / barePassMillis(rows, cap, BARE_SECONDS);
        bare[run] = (before + after) / 2;
        share[run] = full[run] / bare[run];
      }
      long perPass =
          (allocatedByLoop() - allocated) / Math.max(1, loop.metrics().passes() - passes);
      report.print("%nFull queue of mixed requests, %d in progress, passes of %d", lanes, cap);
      report.print("bare network %s row-steps/s", SampleStatistics.of(bare).text("%.1f"));
      report.print("step loop    %s row-steps/s", SampleStatistics.of(full).text("%.1f"));
      report.print("share        %s", SampleStatistics.of(share).text("%.3f"));
      report.print(
          "heap         %d bytes allocated per pass by the loop's thread, with its images",
          perPass);
      FullQueue.ShortRequest late = queue.shortDuringLongBatch();
      report.print(
          "a request of %d steps during a long batch: first step in iteration %d, last in %d",
          late.steps(), late.start(), late.end());
      int cancel = queue.stepsAfterCancel();
      report.print("steps after a cancellation: at most %d", cancel);
      Map<String, Object> found = new LinkedHashMap<>();
      found.put("rows", cap);
      found.put("bare", SampleStatistics.of(bare).toMap());
      found.put("loop", SampleStatistics.of(full).toMap());
      found.put("share", SampleStatistics.of(share).toMap());
      found.put("shortRequestSteps", late.steps());
      found.put("shortRequestStarts", late.start());
      found.put("shortRequestEnds", late.end());
      found.put("stepsAfterCancel", cancel);
      found.put("heapBytesPerPass", perPass);
      report.put("fullQueue", found);
    }
  }

  /** Heap bytes that the loop's thread has allocated since its start. */
  private static long allocatedByLoop() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(StepLoop.THREAD))
        .mapToLong(thread -> threads.getThreadAllocatedBytes(thread.getId()))
        .sum();
  }

  private void arrivals(SamplingNetwork.Slots rows, BatchCurve curve, int slots)
      throws IOException {
    ServingComparison comparison = new ServingComparison(curve, slots, lanes, report);
    List<Map<String, Object>> virtual = comparison.virtual(requests);
    report.put("capacityRequestsPerSecond", comparison.capacity());
    report.put("arrivalsCalculated", virtual);
    if (out != null) {
      Files.write(out.resolve("batching.png"), Png.encode(comparison.chart().draw(900, 480)));
    }
    report.save(); // what follows takes long and may be interrupted
    if (live > 0) {
      report.put("arrivalsLive", comparison.live(rows, live));
    }
  }
}
