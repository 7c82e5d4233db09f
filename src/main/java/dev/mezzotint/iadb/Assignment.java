package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * Solves the linear assignment problem exactly by shortest augmenting paths [1]. The least mean
 * distance between two sets of points of equal size is their 1-Wasserstein distance. O(n³) time,
 * O(n²) memory.
 *
 * <p>[1] Jonker, Volgenant: A shortest augmenting path algorithm for dense and sparse linear
 * assignment problems. Computing 38, 1987.
 */
public final class Assignment {
  /** Points per set; a cost matrix of this size takes 128 MiB. */
  public static final int POINTS_MAX = 4096;

  private Assignment() {}

  /**
   * The 1-Wasserstein distance with the Euclidean metric.
   *
   * @param a n points of equal length
   * @param b n points of the same length
   */
  public static double wasserstein1(double[][] a, double[][] b) {
    if (a.length != b.length || a.length < 1 || a.length > POINTS_MAX) {
      throw new IllegalArgumentException(
          a.length
              + " and "
              + b.length
              + " points: both sets must have the same number, 1 to "
              + POINTS_MAX);
    }
    double[][] costs = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        double squares = 0;
        for (int k = 0; k < a[i].length; k++) {
          double difference = a[i][k] - b[j][k];
          squares += difference * difference;
        }
        costs[i][j] = Math.sqrt(squares);
      }
    }
    int[] partner = solve(costs);
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += costs[i][partner[i]];
    }
    return sum / a.length;
  }

  /**
   * Finds the permutation of least total cost.
   *
   * @param costs n×n, finite
   * @return for each row its column
   */
  public static int[] solve(double[][] costs) {
    int n = costs.length;
    double[] rowPrice = new double[n];
    double[] columnPrice = new double[n];
    int[] rowOf = new int[n];
    Arrays.fill(rowOf, -1);
    for (int row = 0; row < n; row++) {
      augment(costs, row, rowPrice, columnPrice, rowOf);
    }
    int[] columnOf = new int[n];
    for (int column = 0; column < n; column++) {
      columnOf[rowOf[column]] = column;
    }
    return columnOf;
  }

  /**
   * Finds the shortest path in reduced costs c − price − price ≥ 0 from an unassigned row to an
   * unassigned column (Dijkstra), and reassigns the columns along it.
   */
  private static void augment(
      double[][] costs, int start, double[] rowPrice, double[] columnPrice, int[] rowOf) {
    int n = costs.length;
    double[] distance = new double[n];
    int[] cameFrom = new int[n]; // the previous column on the path, −1 at its start
    boolean[] done = new boolean[n];
    Arrays.fill(distance, Double.POSITIVE_INFINITY);
    int row = start;
    int column = -1;
    double length = 0;
    while (true) {
      double[] cost = costs[row];
      double base = length - rowPrice[row];
      double least = Double.POSITIVE_INFINITY;
      int nearest = -1;
      for (int j = 0; j < n; j++) {
        if (done[j]) {
          continue;
        }
        double over = base + cost[j] - columnPrice[j];
        if (over < distance[j]) {
          distance[j] = over;
          cameFrom[j] = column;
        }
        if (distance[j] < least) {
          least = distance[j];
          nearest = j;
        }
      }
      column = nearest;
      length = least;
      if (rowOf[column] < 0) {
        break;
      }
      done[column] = true;
      row = rowOf[column];
    }
    rowPrice[start] += length;
    for (int j = 0; j < n; j++) {
      if (done[j]) {
        rowPrice[rowOf[j]] += length - distance[j];
        columnPrice[j] -= length - distance[j];
      }
    }
    while (column >= 0) {
      int before = cameFrom[column];
      rowOf[column] = before < 0 ? start : rowOf[before];
      column = before;
    }
  }
}
