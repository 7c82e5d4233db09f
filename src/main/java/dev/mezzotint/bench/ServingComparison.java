package dev.mezzotint.bench;

import dev.mezzotint.bench.ServingModes.Outcome;
import dev.mezzotint.bench.ServingModes.Request;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.plot.LineChart;
import dev.mezzotint.sampling.BatchCurve;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The same requests batched by step, batched by request and served one by one, at several loads. In
 * virtual time passes take what the batch curve says, so that thousands of requests cost seconds;
 * in real time the network runs.
 */
final class ServingComparison {
  private static final double[] LOADS = {0.5, 0.8, 1.0, 1.2};
  private static final int[] BATCHES = {8, 16, 32, 64};
  private static final double LIVE_LOAD = 0.8;
  private static final long SEED = 20;

  private final BatchCurve curve;
  private final int slots;
  private final int lanes;
  private final BenchReport report;
  private final Map<String, double[]> medians = new LinkedHashMap<>();
  private int bestAtLiveLoad = BATCHES[0];

  /**
   * @param slots rows in progress at once, when batching by step
   * @param lanes requests in progress at once, when batching by step
   */
  ServingComparison(BatchCurve curve, int slots, int lanes, BenchReport report) {
    this.curve = curve;
    this.slots = slots;
    this.lanes = lanes;
    this.report = report;
  }

  /** Requests per second that the bare network can serve at its best batch size. */
  double capacity() {
    double best = 0;
    for (int size : curve.sizes()) {
      best = Math.max(best, size * 1e9 / curve.nanosOf(size));
    }
    return best / ServingModes.meanRowSteps();
  }

  List<Map<String, Object>> virtual(int count) {
    List<Map<String, Object>> all = new ArrayList<>();
    report.print(
        "%nPoisson arrivals of %d mixed requests in virtual time; capacity %.3f requests/s",
        count, capacity());
    head();
    for (int i = 0; i < LOADS.length; i++) {
      double load = LOADS[i];
      List<Request> requests = ServingModes.poisson(count, load * capacity(), SEED);
      Outcome step =
          ServingModes.atTheStep(requests, curve, slots, lanes, ServingModes.virtual(curve));
      Map<Integer, Outcome> grid = new TreeMap<>();
      for (int rows : BATCHES) {
        grid.put(rows, ServingModes.byRequest(requests, curve, rows, ServingModes.virtual(curve)));
      }
      int best = best(grid);
      if (load == LIVE_LOAD) {
        bestAtLiveLoad = best;
      }
      Outcome single = ServingModes.byRequest(requests, curve, 1, ServingModes.virtual(curve));
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("load", load);
      point.put("atTheStep", row(load, "at the step", step, step));
      Outcome request = Objects.requireNonNull(grid.get(best));
      point.put("byRequest", row(load, "by request, " + best + " rows", request, step));
      point.put("byRequestRows", best);
      point.put("oneByOne", row(load, "one by one", single, step));
      all.add(point);
      remember("at the step", i, step);
      remember("by request, best batch", i, request);
      remember("one by one", i, single);
    }
    return all;
  }

  /** The batch size with the smallest median: request batching at its best. */
  private static int best(Map<Integer, Outcome> grid) {
    return grid.entrySet().stream()
        .min((a, b) -> Double.compare(a.getValue().quantile(0.5), b.getValue().quantile(0.5)))
        .orElseThrow()
        .getKey();
  }

  private void remember(String name, int i, Outcome outcome) {
    medians.computeIfAbsent(name, n -> new double[LOADS.length])[i] = outcome.quantile(0.5);
  }

  /** The real network under the same requests, one mode after the other. */
  List<Map<String, Object>> live(SamplingNetwork.Slots rows, double seconds) {
    double rate = LIVE_LOAD * capacity();
    List<Request> requests =
        ServingModes.poisson((int) Math.max(10, seconds * rate), rate, SEED + 1);
    report.print("%nThe same in real time, %d requests", requests.size());
    head();
    Map<String, Supplier<Outcome>> modes = new LinkedHashMap<>();
    modes.put(
        "at the step",
        () -> ServingModes.atTheStep(requests, curve, slots, lanes, new RealTimePasses(rows)));
    int best = bestAtLiveLoad;
    modes.put(
        "by request, " + best + " rows",
        () -> ServingModes.byRequest(requests, curve, best, new RealTimePasses(rows)));
    modes.put(
        "one by one", () -> ServingModes.byRequest(requests, curve, 1, new RealTimePasses(rows)));
    List<Map<String, Object>> all = new ArrayList<>();
    Outcome step = null;
    for (Map.Entry<String, Supplier<Outcome>> mode : modes.entrySet()) {
      Outcome outcome = mode.getValue().get();
      step = step == null ? outcome : step;
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("load", LIVE_LOAD);
      point.put("way", mode.getKey());
      point.putAll(row(LIVE_LOAD, mode.getKey(), outcome, step));
      all.add(point);
    }
    return all;
  }

  private void head() {
    report.print(
        "%4s %-22s %10s %8s %8s %8s %10s",
        "load", "served", "rows/s", "p50 s", "p95 s", "p99 s", "p50 ratio");
  }

  private Map<String, Object> row(double load, String name, Outcome o, Outcome step) {
    double ratio = o.quantile(0.5) / step.quantile(0.5);
    report.print(
        "%4.1f %-22s %10.1f %8.2f %8.2f %8.2f %10.2f",
        load,
        name,
        o.rowStepsPerSecond(),
        o.quantile(0.5),
        o.quantile(0.95),
        o.quantile(0.99),
        ratio);
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("rowStepsPerSecond", o.rowStepsPerSecond());
    point.put("p50", o.quantile(0.5));
    point.put("p95", o.quantile(0.95));
    point.put("p99", o.quantile(0.99));
    point.put("p50AgainstStep", ratio);
    point.put("throughputAgainstStep", o.rowStepsPerSecond() / step.rowStepsPerSecond());
    return point;
  }

  /** Median latency by load. */
  LineChart chart() {
    int[] colours = {0x1F4E79, 0xB5651D, 0x888888};
    List<LineChart.Line> lines = new ArrayList<>();
    for (Map.Entry<String, double[]> mode : medians.entrySet()) {
      lines.add(
          new LineChart.Line(
              mode.getKey(), LOADS.clone(), mode.getValue(), colours[lines.size()], 2));
    }
    return new LineChart(
        "Median latency of mixed requests",
        "load (arrivals / capacity)",
        "seconds",
        /* logarithmic= */ true,
        lines);
  }
}
