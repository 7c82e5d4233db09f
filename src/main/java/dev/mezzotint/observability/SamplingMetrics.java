package dev.mezzotint.observability;

import dev.mezzotint.sampling.BatchCurve;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Meters of the step loop. */
public final class SamplingMetrics {
  private SamplingMetrics() {}

  public static void register(StepLoop loop, MeterRegistry registry) {
    Meters<StepLoop> meters = new Meters<>(registry, "mezzotint.", loop);
    meters.counter("passes", "Forward passes of the step loop", StepLoop::passes);
    meters.counter("row.steps", "Stages passed, all rows", l -> l.metrics().rowSteps());
    meters.counter("spare.rows", "Rows that only filled passes up", l -> l.metrics().paddingRows());
    meters.counter("step.seconds", "Time in passes", l -> l.metrics().stepNanos() / 1e9);
    meters.counter("out.of.memory", "Passes made smaller", l -> l.metrics().outOfMemory());
    meters.counter("late", "Jobs dropped for their deadline", l -> l.metrics().late());
    meters.gauge("rows.waiting", "Rows that have not begun", l -> l.metrics().waiting());
    meters.gauge("rows.under.way", "Rows between two steps", l -> l.metrics().running());
    meters.gauge("model.bytes", "Weights and slots", l -> l.metrics().modelBytes());
    MultiGauge curves =
        MultiGauge.builder("mezzotint.batch.seconds")
            .description("Batch curve: a pass of so many rows")
            .register(registry);
    // Updated whenever the next meter is read, since models come and go.
    meters.gauge(
        "models",
        "Models on the device",
        l -> {
          StepLoopMetrics metrics = l.metrics();
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
}
