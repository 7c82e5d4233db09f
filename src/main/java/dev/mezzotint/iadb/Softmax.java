package dev.mezzotint.iadb;

/** Probabilities from their logarithms, without overflow. */
final class Softmax {
  private Softmax() {}

  /**
   * Logarithms of weights become weights that sum to 1. The largest is taken off first, so that no
   * exponential overflows and one of them is 1.
   *
   * @return false where all weights are zero; the array is then of no use
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

  /** An index, each as likely as its weight says. */
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
