package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * Optimises the placement of a sampler's steps by dynamic programming over recorded trajectories,
 * without training [1].
 *
 * <p>A fine trajectory x_0 … x_N with its directions D_0 … D_N gives the error of any coarse step
 * from grid point i to j whose previous grid point is k:
 *
 * <pre>
 *   e(k, i, j) = ‖ x_i + h (D_i + r/2 (D_i − D_k)) − x_j ‖,   h = α_j − α_i, r = h / (α_i − α_k)
 * </pre>
 *
 * for {@link Solver#AB2}; {@link Solver#EULER} lacks the term in r. The placement is the path from
 * 0 to N in T steps with the least sum of e², averaged over all trajectories.
 *
 * <p>[1] Watson et al.: Learning to efficiently sample from diffusion probabilistic models, 2021,
 * for the search; the error from recorded trajectories follows bespoke step placement for flows
 * (BOSS, ICLR 2024).
 */
public final class StepPlacement {
  /** Upper limit of grid intervals; the search takes time N³/6 per step. */
  public static final int GRID_MAX = 256;

  private final double[] alphas;
  private final double[][] xx; // Σ over trajectories of x_i·x_j
  private final double[][] xd; // of x_i·D_j
  private final double[][] dd; // of D_i·D_j

  /**
   * Creates an empty record of trajectories.
   *
   * @param alphas the grid, N + 1 values from 0 to 1, rising
   */
  public StepPlacement(double[] alphas) {
    if (alphas.length < 2 || alphas.length > GRID_MAX + 1) {
      throw new IllegalArgumentException(
          "a grid must have 1 to " + GRID_MAX + " intervals, not " + (alphas.length - 1));
    }
    this.alphas = alphas.clone();
    this.xx = new double[alphas.length][alphas.length];
    this.xd = new double[alphas.length][alphas.length];
    this.dd = new double[alphas.length][alphas.length];
  }

  /**
   * Adds one fine trajectory.
   *
   * @param x the point at each α of the grid, as long as the grid
   * @param d the direction at each of these
   */
  public void record(float[][] x, float[][] d) {
    // Relative to the first point: only differences matter, and they lose fewer digits this way.
    float[][] moved = new float[x.length][];
    for (int i = 0; i < x.length; i++) {
      moved[i] = new float[x[i].length];
      for (int k = 0; k < x[i].length; k++) {
        moved[i][k] = x[i][k] - x[0][k];
      }
    }
    for (int i = 0; i < alphas.length; i++) {
      for (int j = 0; j < alphas.length; j++) {
        xd[i][j] += dot(moved[i], d[j]);
        if (j >= i) {
          xx[i][j] += dot(moved[i], moved[j]);
          dd[i][j] += dot(d[i], d[j]);
          xx[j][i] = xx[i][j];
          dd[j][i] = dd[i][j];
        }
      }
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (double) a[k] * b[k];
    }
    return sum;
  }

  /**
   * Finds the best placement of the given number of steps.
   *
   * @param solver {@link Solver#EULER} or {@link Solver#AB2}
   * @param steps T, at most the grid's intervals
   * @return T + 1 values of the grid, from its first to its last
   */
  public double[] place(Solver solver, int steps) {
    int last = alphas.length - 1;
    if (solver != Solver.EULER && solver != Solver.AB2) {
      throw new IllegalArgumentException(
          "steps can be placed for euler and ab2 only, not " + solver.wireName());
    }
    if (steps < 1 || steps > last) {
      throw new IllegalArgumentException("steps is " + steps + ", must be 1 to " + last);
    }
    boolean second = solver == Solver.AB2;
    // best[k][i]: least sum of errors over the steps so far, the last one from k to i.
    double[][] best = new double[last + 1][last + 1];
    short[][][] from = new short[steps][last + 1][last + 1];
    for (double[] row : best) {
      Arrays.fill(row, Double.POSITIVE_INFINITY);
    }
    for (int i = 1; i <= last; i++) {
      best[0][i] = error(0, 0, i, /* second= */ false); // the first step is an Euler step
    }
    for (int step = 1; step < steps; step++) {
      double[][] next = new double[last + 1][last + 1];
      for (double[] row : next) {
        Arrays.fill(row, Double.POSITIVE_INFINITY);
      }
      for (int i = step; i < last; i++) {
        for (int k = step - 1; k < i; k++) {
          if (best[k][i] == Double.POSITIVE_INFINITY) {
            continue;
          }
          for (int j = i + 1; j <= last; j++) {
            double sum = best[k][i] + error(k, i, j, second);
            if (sum < next[i][j]) {
              next[i][j] = sum;
              from[step][i][j] = (short) k;
            }
          }
        }
      }
      best = next;
    }
    return trace(best, from, steps);
  }

  private double[] trace(double[][] best, short[][][] from, int steps) {
    int j = alphas.length - 1;
    int i = 0;
    for (int candidate = 0; candidate < j; candidate++) {
      if (best[candidate][j] < best[i][j]) {
        i = candidate;
      }
    }
    double[] placed = new double[steps + 1];
    for (int step = steps - 1; step >= 0; step--) {
      placed[step + 1] = alphas[j];
      placed[step] = alphas[i];
      int before = from[step][i][j];
      j = i;
      i = before;
    }
    return placed;
  }

  /** The error e² of one step, summed over all trajectories. */
  private double error(int k, int i, int j, boolean second) {
    double h = alphas[j] - alphas[i];
    double r = second ? h / (alphas[i] - alphas[k]) : 0;
    // The squared norm of x_i − x_j + p·D_i − q·D_k, expanded.
    double p = h * (1 + r / 2);
    double q = h * r / 2;
    double squares = xx[i][i] - 2 * xx[i][j] + xx[j][j];
    squares += 2 * p * (xd[i][i] - xd[j][i]) - 2 * q * (xd[i][k] - xd[j][k]);
    squares += p * p * dd[i][i] - 2 * p * q * dd[i][k] + q * q * dd[k][k];
    return Math.max(0, squares);
  }
}
