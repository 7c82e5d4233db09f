package dev.mezzotint.iadb;

import java.util.List;

/**
 * The direction field D(x, α): the posterior mean of x1 − x0, or a network's estimate of it.
 * Implementations state whether several threads may share them.
 */
@FunctionalInterface
public interface Field {

  /**
   * @param x a point x_α
   * @param alpha in [0, 1]
   * @param direction receives D(x, α); as long as x
   */
  void direction(double[] x, double alpha, double[] direction);

  /**
   * Integrates x along the field by the given stages, in place, in double precision. This is the
   * reference for the step loop, which does the same on a device.
   */
  default void integrate(List<Stage> stages, double[] x) {
    double[] d = new double[x.length];
    double[] m1 = new double[x.length];
    double[] m2 = new double[x.length];
    double[] m3 = new double[x.length];
    for (Stage stage : stages) {
      direction(x, stage.alpha(), d);
      for (int k = 0; k < x.length; k++) {
        x[k] += stage.g0() * d[k] + stage.g1() * m1[k] + stage.g2() * m2[k] + stage.g3() * m3[k];
      }
      double[] reused = m3;
      m3 = m2;
      m2 = m1;
      m1 = d;
      d = reused;
    }
  }
}
