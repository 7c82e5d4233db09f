package dev.mezzotint.observability;

import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Meters of the step loop. */
public final class SamplingMetrics {
  private SamplingMetrics() {}

  public static void register(StepLoop loop, MeterRegistry meters) {
    counter(loop, meters, "row.steps", "Stages passed, all rows", StepLoopMetrics::rowSteps);
    counter(
        loop,
        meters,
        "spare.rows",
        "Rows that only filled passes up",
        StepLoopMetrics::paddingRows);
    counter(loop, meters, "step.seconds", "Time in passes", f -> f.stepNanos() / 1e9);
    counter(loop, meters, "out.of.memory", "Passes made smaller", StepLoopMetrics::outOfMemory);
    counter(loop, meters, "late", "Jobs dropped for their deadline", StepLoopMetrics::late);
    gauge(loop, meters, "rows.waiting", "Rows that have not begun", StepLoopMetrics::waiting);
    gauge(loop, meters, "rows.under.way", "Rows between two steps", StepLoopMetrics::running);
    gauge(loop, meters, "model.bytes", "Weights and slots", StepLoopMetrics::modelBytes);
    MultiGauge curves =
        MultiGauge.builder("mezzotint.batch.seconds")
            .description("Batch curve: a pass of so many rows")
            .register(meters);
    // Updated whenever the next meter is read, since models come and go.
    gauge(
        loop,
        meters,
        "models",
        "Models on the device",
        metrics -> {
          curves.register(rows(metrics), /* overwrite= */ true);
          return metrics.curves().size();
        });
  }

  private static Iterable<MultiGauge.Row<?>> rows(StepLoopMetrics metrics) {
    List<MultiGauge.Row<?>> rows = new ArrayList<>();
    for (Map.Entry<String, BatchCurve> entry : metrics.curves().entrySet()) {
      for (int size : entry.getValue().sizes()) {
        double seconds = entry.getValue().nanosOf(size) / 1e9;
        rows.add(
            MultiGauge.Row.of(
                Tags.of("model", entry.getKey(), "rows", Integer.toString(size)), seconds));
      }
    }
    return rows;
  }

  private static void counter(
      StepLoop loop,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<StepLoopMetrics> figure) {
    FunctionCounter.builder("mezzotint." + name, loop, l -> figure.applyAsDouble(l.metrics()))
        .description(description)
        .register(meters);
  }

  private static void gauge(
      StepLoop loop,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<StepLoopMetrics> figure) {
    Gauge.builder("mezzotint." + name, loop, l -> figure.applyAsDouble(l.metrics()))
        .description(description)
        .register(meters);
  }
}
