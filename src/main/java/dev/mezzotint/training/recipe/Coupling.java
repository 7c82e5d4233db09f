package dev.mezzotint.training.recipe;

import dev.mezzotint.iadb.Assignment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How the x0 of a batch are paired with its x1. The paper's coupling is independent. Pairing each
 * batch for the least total squared distance makes paths cross less, so that sampling needs fewer
 * steps; the two densities do not change.
 *
 * <p>Tong et al.: Improving and generalizing flow-based generative models with minibatch optimal
 * transport, 2024. Rows of different classes are never exchanged: x0 would depend on the class
 * otherwise, which it does not when sampling [Cheng, Schwing: The curse of conditions, 2025].
 */
public enum Coupling {
  INDEPENDENT,
  OPTIMAL_TRANSPORT;

  static final List<String> WIRE_NAMES = Arrays.stream(values()).map(Coupling::wireName).toList();

  String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Coupling parse(String wireName) {
    return values()[WIRE_NAMES.indexOf(wireName)];
  }

  /**
   * Permutes the rows of x0.
   *
   * @param x0 and {@code x1}: N rows of equal length
   * @param classes N
   */
  public void couple(float[] x0, float[] x1, long[] classes) {
    if (this == INDEPENDENT) {
      return;
    }
    int values = x0.length / classes.length;
    for (long label : Arrays.stream(classes).distinct().toArray()) {
      int[] rows = rowsOf(classes, label);
      int[] partner = Assignment.solve(costs(x0, x1, rows, values));
      float[] before = x0.clone();
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(before, rows[partner[i]] * values, x0, rows[i] * values, values);
      }
    }
  }

  private static int[] rowsOf(long[] classes, long label) {
    int[] rows = new int[classes.length];
    int n = 0;
    for (int row = 0; row < classes.length; row++) {
      if (classes[row] == label) {
        rows[n++] = row;
      }
    }
    return Arrays.copyOf(rows, n);
  }

  /** |x1 − x0|² of every x1 (first index) with every x0. */
  private static double[][] costs(float[] x0, float[] x1, int[] rows, int values) {
    double[][] costs = new double[rows.length][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows.length; j++) {
        double sum = 0;
        for (int k = 0; k < values; k++) {
          double difference = x1[rows[i] * values + k] - x0[rows[j] * values + k];
          sum += difference * difference;
        }
        costs[i][j] = sum;
      }
    }
    return costs;
  }
}
