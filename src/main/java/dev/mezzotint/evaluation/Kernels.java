package dev.mezzotint.evaluation;

import java.util.Arrays;

/**
 * Inner loops, written so that the JIT compiler vectorises them. Each lane is a sum of its own, so
 * results are the same on every machine.
 */
final class Kernels {
  private static final int LANES = 16;

  private Kernels() {}

  /** sums[i] += factor · row[at + i]. */
  static void add(float[] sums, float factor, float[] row, int at) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += factor * row[at + i];
    }
  }

  /** Σ (a[i] − b[i])² over {@code length} values, or a number ≥ limit once it is exceeded. */
  static double squaredDistance(float[] a, int atA, float[] b, int atB, int length, double limit) {
    double sum = 0;
    float[] lanes = new float[LANES];
    int i = 0;
    while (i + LANES <= length) {
      Arrays.fill(lanes, 0);
      int end = Math.min(length - length % LANES, i + 16 * LANES);
      for (; i < end; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
          float d = a[atA + i + lane] - b[atB + i + lane];
          lanes[lane] += d * d;
        }
      }
      for (float lane : lanes) {
        sum += lane;
      }
      if (sum >= limit) {
        return sum;
      }
    }
    for (; i < length; i++) {
      double d = a[atA + i] - (double) b[atB + i];
      sum += d * d;
    }
    return sum;
  }

  static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
