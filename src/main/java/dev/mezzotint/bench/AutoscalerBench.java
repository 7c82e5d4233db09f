package dev.mezzotint.bench;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.autoscaling.ScalingTarget;
import dev.mezzotint.cli.ReportOptions;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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

/** {@code bench scale}: simulates settings of the autoscaler with a trace of arrivals. */
@Command(
    name = "scale",
    description = {
      "Replay arrivals against the autoscaler's rules in virtual time.",
      "Prints how long jobs would have waited and how many GPU hours that would have cost."
    },
    footer = {"", "Example:", "  bench scale --job-seconds 5 --startup 90"})
public final class AutoscalerBench implements Callable<Integer> {
  private static final double[] TARGETS = {15, 30, 60, 120, 300};

  @Option(
      names = "--trace",
      paramLabel = "FILE.csv",
      description = "Arrivals: seconds in the first column. Default: a day drawn by --seed.")
  private @Nullable Path trace;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Jobs of the drawn day; default ${DEFAULT-VALUE}.")
  private int jobs = 20_000;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Seed of the drawn day; default ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--job-seconds",
      defaultValue = "5",
      paramLabel = "S",
      description = {
        "Seconds of a full worker per job, as measured by 'bench queue --model' or",
        "mezzotint_backlog_seconds_per_job; default ${DEFAULT-VALUE}."
      })
  private double jobSeconds = 5;

  @Option(
      names = "--job-latency",
      paramLabel = "S",
      description =
          "Seconds of a job from start to end on a full worker; default eight times --job-seconds.")
  private @Nullable Double jobLatency;

  @Option(
      names = "--startup",
      defaultValue = "90",
      paramLabel = "S",
      description =
          "Seconds from the decision for a pod to its readiness; default ${DEFAULT-VALUE}.")
  private double startup = 90;

  @Option(
      names = "--pods",
      paramLabel = "N",
      description = "Pods at most; default ${DEFAULT-VALUE}.")
  private int pods = 25;

  @Option(
      names = "--target-seconds",
      split = ",",
      paramLabel = "S",
      description = "Values of targetSeconds; default 15,30,60,120,300.")
  private double @Nullable [] targets;

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() throws IOException {
    double latency = jobLatency == null ? 8 * jobSeconds : jobLatency;
    check("--job-seconds", jobSeconds, 0.001);
    check("--job-latency", latency, jobSeconds);
    check("--startup", startup, 0);
    check("--pods", pods, 1);
    check("--jobs", jobs, 1);
    report.check();
    ArrivalTrace arrivals = trace == null ? ArrivalTrace.day(jobs, seed) : read(trace);
    report.print(
        "%d jobs; a full worker takes %.3g s per job, one job %.3g s; a pod starts in %.3g s",
        arrivals.seconds().length, jobSeconds, latency, startup);
    report.print(
        "targetSeconds   min  wait p50     p95     p99   GPU hours  busy   max  killed  killed s");
    List<Map<String, Object>> rows = new ArrayList<>();
    for (double target : targets == null ? TARGETS : targets) {
      check("--target-seconds", target, 0.001);
      for (int minPods = 0; minPods <= 1; minPods++) {
        SimulatedCluster cluster =
            new SimulatedCluster(
                new ScalingTarget.Seconds(target), jobSeconds, latency, startup, minPods, pods);
        rows.add(row(target, minPods, AutoscalerSimulation.run(cluster, arrivals)));
      }
    }
    report.put("jobs", arrivals.seconds().length);
    report.put("jobSeconds", jobSeconds);
    report.put("jobLatency", latency);
    report.put("startup", startup);
    report.put("settings", rows);
    return report.finish();
  }

  private static void check(String option, double value, double min) {
    refuseIf(!(value >= min && value <= 1e9), option, "must be from %s to 1e9, not %s", min, value);
  }

  private static ArrivalTrace read(Path file) throws IOException {
    try {
      return ArrivalTrace.parse(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      throw new InvalidInputException("--trace", "there is no file " + file);
    }
  }

  private Map<String, Object> row(
      double target, int minPods, AutoscalerSimulation.Outcome outcome) {
    report.print(
        "%13.4g %5d %9.1f %7.1f %7.1f %11.1f %4.0f%% %5d %7d %9.0f",
        target,
        minPods,
        outcome.waitQuantile(0.5),
        outcome.waitQuantile(0.95),
        outcome.waitQuantile(0.99),
        outcome.podHours(),
        100 * outcome.busyHours() / outcome.podHours(),
        outcome.maxPods(),
        outcome.killed(),
        outcome.killedSeconds());
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("targetSeconds", target);
    row.put("least", minPods);
    row.put("waitP50", outcome.waitQuantile(0.5));
    row.put("waitP95", outcome.waitQuantile(0.95));
    row.put("waitP99", outcome.waitQuantile(0.99));
    row.put("gpuHours", outcome.podHours());
    row.put("busyHours", outcome.busyHours());
    row.put("podsMost", outcome.maxPods());
    row.put("podStarts", outcome.starts());
    row.put("killed", outcome.killed());
    row.put("killedSeconds", outcome.killedSeconds());
    return row;
  }
}
