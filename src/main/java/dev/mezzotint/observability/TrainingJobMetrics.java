package dev.mezzotint.observability;

import dev.mezzotint.training.TrainingMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** Meters of training. */
public final class TrainingJobMetrics {
  private TrainingJobMetrics() {}

  public static void register(TrainingMetrics metrics, MeterRegistry meters) {
    gauge(metrics, meters, "loss", "Running loss of the current training", TrainingMetrics::loss);
    gauge(
        metrics,
        meters,
        "images.per.second",
        "Images per second of the current training",
        TrainingMetrics::imagesPerSecond);
    gauge(
        metrics,
        meters,
        "input.wait.share",
        "Share of the step time spent waiting for images",
        TrainingMetrics::inputWaitShare);
    gauge(
        metrics,
        meters,
        "checkpoint.seconds",
        "Duration of writing the last checkpoint",
        TrainingMetrics::lastCheckpointSeconds);
    counter(metrics, meters, "steps", "Optimizer steps", TrainingMetrics::steps);
    counter(metrics, meters, "checkpoints", "Checkpoints written", TrainingMetrics::checkpoints);
  }

  private static void gauge(
      TrainingMetrics of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingMetrics> value) {
    Gauge.builder("mezzotint.training." + name, of, value)
        .description(description)
        .register(meters);
  }

  private static void counter(
      TrainingMetrics of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingMetrics> value) {
    FunctionCounter.builder("mezzotint.training." + name, of, value)
        .description(description)
        .register(meters);
  }
}
