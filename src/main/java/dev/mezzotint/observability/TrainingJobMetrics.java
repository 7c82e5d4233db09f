package dev.mezzotint.observability;

import dev.mezzotint.training.TrainingMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** What training tells of itself. */
public final class TrainingJobMetrics {
  private TrainingJobMetrics() {}

  public static void register(TrainingMetrics figures, MeterRegistry meters) {
    gauge(figures, meters, "loss", "Running loss of the training in hand", TrainingMetrics::loss);
    gauge(
        figures,
        meters,
        "images.per.second",
        "Of the training in hand",
        TrainingMetrics::imagesPerSecond);
    gauge(
        figures,
        meters,
        "input.wait.share",
        "Share of the step time spent waiting for pictures",
        TrainingMetrics::inputWaitShare);
    gauge(
        figures,
        meters,
        "checkpoint.seconds",
        "How long the last checkpoint took to be kept",
        TrainingMetrics::lastCheckpointSeconds);
    counter(figures, meters, "steps", "Optimizer steps", TrainingMetrics::steps);
    counter(figures, meters, "checkpoints", "Checkpoints kept", TrainingMetrics::checkpoints);
  }

  private static void gauge(
      TrainingMetrics of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingMetrics> figure) {
    Gauge.builder("mezzotint.training." + name, of, figure)
        .description(description)
        .register(meters);
  }

  private static void counter(
      TrainingMetrics of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingMetrics> figure) {
    FunctionCounter.builder("mezzotint.training." + name, of, figure)
        .description(description)
        .register(meters);
  }
}
