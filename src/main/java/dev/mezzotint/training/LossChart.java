package dev.mezzotint.training;

import dev.mezzotint.image.Png;
import dev.mezzotint.plot.LineChart;
import java.util.List;

/** A training's loss as a picture and as a figure. */
final class LossChart {
  /** Steps that the smoothed line averages over. */
  private static final double WINDOW = 30;

  private LossChart() {}

  /** The loss of every step and its running average, on a logarithmic axis, as a PNG. */
  static byte[] png(String name, List<TrainingFolder.LogLine> log) {
    double[] steps = log.stream().mapToDouble(TrainingFolder.LogLine::iteration).toArray();
    double[] loss = log.stream().mapToDouble(TrainingFolder.LogLine::loss).toArray();
    return Png.encode(LineChart.loss(name + ": training loss", steps, loss, WINDOW).draw(900, 420));
  }

  /** Mean loss of the last steps; 0 without any. */
  static double lastMean(List<TrainingFolder.LogLine> log, int steps) {
    return log.stream()
        .skip(Math.max(0, log.size() - steps))
        .mapToDouble(TrainingFolder.LogLine::loss)
        .average()
        .orElse(0);
  }
}
