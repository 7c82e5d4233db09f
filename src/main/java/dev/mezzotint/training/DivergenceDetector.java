package dev.mezzotint.training;

import dev.mezzotint.json.InvalidInputException;

/**
 * Follows the loss and says when it has run away: its running average stands above {@value #FACTOR}
 * times the best that it ever was. Looked at after the first {@value #STEPS_MIN} steps and the
 * rate's warm-up, since the beginning may be rough. The average forgets {@value #FORGETS} a step. A
 * function of the losses alone, so that a resumed training sees what an undisturbed one does. For
 * one thread.
 */
public final class DivergenceDetector {
  static final double FACTOR = 10;
  static final int STEPS_MIN = 100;
  private static final double FORGETS = 0.02;

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
   * @throws InvalidInputException if the loss has run away
   */
  public void add(long iteration, double loss) {
    smoothed = Double.isNaN(smoothed) ? loss : (1 - FORGETS) * smoothed + FORGETS * loss;
    best = Math.min(best, smoothed);
    if (iteration >= settledAt && smoothed > FACTOR * best) {
      throw new InvalidInputException(
          "optimizer.learningRate",
          "training diverged at step %d: the running loss is %.4g after a best of %.4g; the last"
                  .formatted(iteration, smoothed, best)
              + " checkpoint stands, a lower optimizer.learningRate may help");
    }
  }

  /** The running average; NaN before the first step. */
  double smoothed() {
    return smoothed;
  }
}
