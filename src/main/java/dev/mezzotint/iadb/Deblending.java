package dev.mezzotint.iadb;

/**
 * Deblending: draws a pair (x0, x1) from its posterior given the blend x_α. Repeated deblending and
 * re-blending is the paper's stochastic iteration (algorithm 1); as its steps grow finer the
 * randomness averages out, and it follows the posterior mean of the direction, which is the {@link
 * Field} that networks learn.
 *
 * <p>Implementations are safe for use by several threads with streams of their own.
 */
@FunctionalInterface
public interface Deblending {
  /** Rejections after which the current pair is kept; reached only at the edge of a density. */
  int TRIES_MAX = 1 << 20;

  /**
   * Draws a pair with (1 − α) x0 + α x1 = x.
   *
   * @param x a blend at α
   * @param alpha in [0, 1)
   * @param x0 on entry the pair that x was blended from, which is one such pair; on return the
   *     drawn one
   * @param x1 likewise
   */
  void deblend(double[] x, double alpha, RandomStream draws, double[] x0, double[] x1);

  /**
   * The stochastic iteration: deblends x_α to (x0, x1) at random and re-blends them at the next α.
   *
   * @param alphas from 0 on, rising
   * @param start a point of p0; not changed
   * @return the point at each α, alphas.length × dimensions
   */
  default double[][] iterate(double[] alphas, RandomStream draws, double[] start) {
    double[][] path = new double[alphas.length][];
    path[0] = start.clone();
    double[] x0 = start.clone();
    double[] x1 = start.clone();
    for (int t = 0; t + 1 < alphas.length; t++) {
      deblend(path[t], alphas[t], draws, x0, x1);
      path[t + 1] = new double[start.length];
      Iadb.blend(x0, x1, alphas[t + 1], path[t + 1]);
    }
    return path;
  }

  /**
   * Exact deblending by rejection, for densities with known values. For α &lt; ½ x1 is drawn and x0
   * solved for, else x0 is drawn and x1 solved for, so that nothing is divided by less than ½; the
   * solved end is accepted with probability p / max p.
   */
  static Deblending byRejection(Density.Valued p0, Density.Valued p1) {
    return (x, alpha, draws, x0, x1) -> {
      double[] drawn = new double[x.length];
      double[] solved = new double[x.length];
      for (int tries = 0; tries < TRIES_MAX; tries++) {
        boolean accepted;
        if (alpha < 0.5) {
          p1.draw(draws, drawn);
          Iadb.x0FromBlend(x, drawn, alpha, solved);
          // At α = 0 the solved end is x itself, which is a point of p0.
          accepted = alpha == 0 || accept(p0, solved, draws);
        } else {
          p0.draw(draws, drawn);
          Iadb.x1FromBlend(x, drawn, alpha, solved);
          accepted = accept(p1, solved, draws);
        }
        if (accepted) {
          System.arraycopy(alpha < 0.5 ? solved : drawn, 0, x0, 0, x.length);
          System.arraycopy(alpha < 0.5 ? drawn : solved, 0, x1, 0, x.length);
          return;
        }
      }
    };
  }

  private static boolean accept(Density.Valued density, double[] x, RandomStream draws) {
    double log = density.logRelative(x);
    return log == 0 || StrictMath.log(1 - draws.uniform()) < log;
  }

  /**
   * Exact deblending for a finite data set as p1: given x_α, each y_i is x1 with weight p0((x_α − α
   * y_i) / (1 − α)), and x0 follows.
   *
   * @param data points y_i of equal length; not copied, not to be changed
   */
  static Deblending ofData(float[][] data, Density.Valued p0) {
    return (x, alpha, draws, x0, x1) -> {
      double[] logs = new double[data.length];
      double[] y = new double[x.length];
      double[] solved = new double[x.length];
      for (int i = 0; i < data.length; i++) {
        widen(data[i], y);
        Iadb.x0FromBlend(x, y, alpha, solved);
        logs[i] = p0.logRelative(solved);
      }
      if (!Softmax.normalize(logs)) {
        return; // rounding moved x outside the support: the current pair is valid, keep it
      }
      widen(data[Softmax.draw(logs, draws)], x1);
      Iadb.x0FromBlend(x, x1, alpha, x0);
    };
  }

  private static void widen(float[] from, double[] to) {
    for (int k = 0; k < to.length; k++) {
      to[k] = from[k];
    }
  }
}
