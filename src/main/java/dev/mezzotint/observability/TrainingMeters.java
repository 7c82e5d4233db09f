package dev.mezzotint.observability;

import dev.mezzotint.training.TrainingFigures;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** What training tells of itself. */
public final class TrainingMeters {
  private TrainingMeters() {}

  public static void register(TrainingFigures figures, MeterRegistry meters) {
    gauge(figures, meters, "loss", "Running loss of the training in hand", TrainingFigures::loss);
    gauge(
        figures,
        meters,
        "images.per.second",
        "Of the training in hand",
        TrainingFigures::imagesPerSecond);
    gauge(
        figures,
        meters,
        "input.wait.share",
        "Share of the step time spent waiting for pictures",
        TrainingFigures::inputWaitShare);
    gauge(
        figures,
        meters,
        "checkpoint.seconds",
        "How long the last checkpoint took to be kept",
        TrainingFigures::lastCheckpointSeconds);
    counter(figures, meters, "steps", "Optimizer steps", TrainingFigures::steps);
    counter(figures, meters, "checkpoints", "Checkpoints kept", TrainingFigures::checkpoints);
  }

  private static void gauge(
      TrainingFigures of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingFigures> figure) {
    Gauge.builder("mezzotint.training." + name, of, figure)
        .description(description)
        .register(meters);
  }

  private static void counter(
      TrainingFigures of,
      MeterRegistry meters,
      String name,
      String description,
      ToDoubleFunction<TrainingFigures> figure) {
    FunctionCounter.builder("mezzotint.training." + name, of, figure)
        .description(description)
        .register(meters);
  }
}
