package dev.mezzotint.training;

import dev.mezzotint.json.InvalidInputException;
import java.util.Locale;

/**
 * Detects divergence: the running average of the loss is above {@value #FACTOR} times its best
 * value so far. Checked after the first {@value #STEPS_MIN} steps and the learning rate's warm-up,
 * because the loss may be rough before. A step has the weight {@value #WEIGHT} in the average. A
 * pure function of the losses, so that a resumed training decides as an uninterrupted one. For one
 * thread.
 */
public final class DivergenceDetector {
  static final double FACTOR = 10;
  static final int STEPS_MIN = 100;
  private static final double WEIGHT = 0.02;

  private final long settledAt;
  private double smoothed = Double.NaN;
  private double best = Double.POSITIVE_INFINITY;

  /**
   * @param warmup steps of the learning rate's warm-up
   */
  public DivergenceDetector(long warmup) {
    this.settledAt = Math.max(STEPS_MIN, warmup);
  }

  /**
   * @param iteration steps done so far
   * @throws InvalidInputException if the training has diverged
   */
  public void add(long iteration, double loss) {
    smoothed = Double.isNaN(smoothed) ? loss : (1 - WEIGHT) * smoothed + WEIGHT * loss;
    best = Math.min(best, smoothed);
    if (iteration >= settledAt && smoothed > FACTOR * best) {
      throw new InvalidInputException(
          "optimizer.learningRate",
          String.format(
              Locale.ROOT,
              "training diverged at step %d: the running loss is %.4g after a best of %.4g;"
                  + " a lower optimizer.learningRate may help",
              iteration,
              smoothed,
              best));
    }
  }

  /** The running average; NaN before the first step. */
  double smoothed() {
    return smoothed;
  }
}
