package dev.mezzotint.iadb;

/** Converts log weights to probabilities without overflow, and draws from them. */
final class Softmax {
  private Softmax() {}

  /**
   * Replaces log weights by weights that sum to 1, in place. The largest is subtracted first, so
   * that no exponential overflows and one of them is 1.
   *
   * @return false if all weights are zero; the array's content is then undefined
   */
  static boolean normalize(double[] logs) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double log : logs) {
      largest = Math.max(largest, log);
    }
    if (largest == Double.NEGATIVE_INFINITY) {
      return false;
    }
    double sum = 0;
    for (int i = 0; i < logs.length; i++) {
      logs[i] = StrictMath.exp(logs[i] - largest);
      sum += logs[i];
    }
    for (int i = 0; i < logs.length; i++) {
      logs[i] /= sum;
    }
    return true;
  }

  /** Draws an index with the probability given by its weight. */
  static int draw(double[] weights, RandomStream draws) {
    double share = draws.uniform();
    for (int i = 0; i < weights.length - 1; i++) {
      share -= weights[i];
      if (share < 0) {
        return i;
      }
    }
    return weights.length - 1;
  }
}
