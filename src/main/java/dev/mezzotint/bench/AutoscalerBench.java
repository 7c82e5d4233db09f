package dev.mezzotint.bench;

import dev.mezzotint.autoscaling.ScalingTarget;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench scale}: what settings of the autoscaler would have done with a trace. */
@Command(
    name = "scale",
    description = {
      "Replay arrivals against the autoscaler's rules, in virtual time, for several settings.",
      "Says how long jobs would have waited and how many GPU hours that would have cost."
    })
public final class AutoscalerBench implements Callable<Integer> {
  private static final double[] TARGETS = {15, 30, 60, 120, 300};

  @Option(
      names = "--trace",
      paramLabel = "FILE.csv",
      description = "Arrivals: seconds in the first column. Default: a day drawn by --seed.")
  private @Nullable Path trace;

  @Option(
      names = "--jobs",
      defaultValue = "20000",
      paramLabel = "N",
      description = "Of the drawn day; default ${DEFAULT-VALUE}.")
  private int jobs = 20_000;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "S",
      description = "Of the drawn day; default ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--job-seconds",
      defaultValue = "5",
      paramLabel = "S",
      description = {
        "Of a full worker per job, measured by 'bench queue --model' or mezzotint_backlog_seconds_per_job;",
        "default ${DEFAULT-VALUE}."
      })
  private double jobSeconds = 5;

  @Option(
      names = "--job-latency",
      paramLabel = "S",
      description =
          "Of a job from start to end on a full worker; default eight times --job-seconds.")
  private @Nullable Double jobLatency;

  @Option(
      names = "--startup",
      defaultValue = "90",
      paramLabel = "S",
      description = "From the decision for a pod to its readiness; default ${DEFAULT-VALUE}.")
  private double startup = 90;

  @Option(
      names = "--pods",
      defaultValue = "25",
      paramLabel = "N",
      description = "At most; default ${DEFAULT-VALUE}.")
  private int pods = 25;

  @Option(
      names = "--target-seconds",
      split = ",",
      paramLabel = "S",
      description = "targetSeconds to try; default 15,30,60,120,300.")
  private double @Nullable [] targets;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures here.")
  private @Nullable Path json;

  @Override
  public Integer call() throws IOException {
    double latency = jobLatency == null ? 8 * jobSeconds : jobLatency;
    check("--job-seconds", jobSeconds, 0.001);
    check("--job-latency", latency, jobSeconds);
    check("--startup", startup, 0);
    check("--pods", pods, 1);
    check("--jobs", jobs, 1);
    ScaleArrivals arrivals = trace == null ? ScaleArrivals.day(jobs, seed) : read(trace);
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.printf(
        Locale.ROOT,
        "%d jobs; one full worker takes %.3g s per job, a job %.3g s; a pod is there after %.3g s%n",
        arrivals.seconds().length,
        jobSeconds,
        latency,
        startup);
    System.out.println(
        "targetSeconds least  wait p50     p95     p99   GPU hours  busy  pods  killed  killed s");
    for (double target : targets == null ? TARGETS : targets) {
      check("--target-seconds", target, 0.001);
      for (int least = 0; least <= 1; least++) {
        SimulatedCluster settings =
            SimulatedCluster.of(jobSeconds, latency, startup)
                .withTarget(new ScalingTarget.Seconds(target))
                .withPods(least, pods);
        rows.add(row(target, least, AutoscalerSimulation.run(settings, arrivals)));
      }
    }
    if (json != null) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("jobs", arrivals.seconds().length);
      all.put("jobSeconds", jobSeconds);
      all.put("jobLatency", latency);
      all.put("startup", startup);
      all.put("settings", rows);
      Files.write(json, JsonText.writePretty(all));
    }
    return 0;
  }

  private static void check(String option, double value, double least) {
    if (!(value >= least && value <= 1e9)) {
      throw new InvalidInputException(
          option, option + " must be from " + least + " to 1e9, not " + value);
    }
  }

  private static ScaleArrivals read(Path file) throws IOException {
    try {
      return ScaleArrivals.parse(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      throw new InvalidInputException("--trace", "there is no file " + file);
    }
  }

  private static Map<String, Object> row(double target, int least, ScalingOutcome outcome) {
    System.out.printf(
        Locale.ROOT,
        "%13.4g %5d %9.1f %7.1f %7.1f %11.1f %4.0f%% %5d %7d %9.0f%n",
        target,
        least,
        outcome.waited(0.5),
        outcome.waited(0.95),
        outcome.waited(0.99),
        outcome.podHours(),
        100 * outcome.busyHours() / outcome.podHours(),
        outcome.podsMost(),
        outcome.killed(),
        outcome.killedSeconds());
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("targetSeconds", target);
    row.put("least", least);
    row.put("waitP50", outcome.waited(0.5));
    row.put("waitP95", outcome.waited(0.95));
    row.put("waitP99", outcome.waited(0.99));
    row.put("gpuHours", outcome.podHours());
    row.put("busyHours", outcome.busyHours());
    row.put("podsMost", outcome.podsMost());
    row.put("podStarts", outcome.starts());
    row.put("killed", outcome.killed());
    row.put("killedSeconds", outcome.killedSeconds());
    return row;
  }
}
