package dev.mezzotint.iadb;

/**
 * The exact direction field of a finite data set smoothed by a small Gaussian: the truth that
 * solvers and networks are measured against.
 *
 * <p>x0 ~ N(0, I) and x1 = y_i + s·n with i uniform over the data and n ~ N(0, I). Given i, the
 * blend x_α = (1−α)·x0 + α·x1 is normal around α·y_i with variance v = (1−α)² + α²s². So the
 * posterior of i has weights w_i ∝ exp(−|x_α − α·y_i|² / 2v), and the field, the posterior mean of
 * x1 − x0 (paper, section 3), is
 *
 * <pre>
 *   D(x_α, α) = Σ_i w_i·( y_i + c·(x_α − α·y_i) ),   c = (α·s² − (1−α)) / v
 * </pre>
 *
 * <p>With s = 0 every solver would land on a data point in its last step, and its error would
 * measure nothing but which one. Immutable, safe for use by many threads.
 */
public final class SmoothedData {
  private final float[][] data;
  private final double s;

  /**
   * @param data points y_i of equal length; not copied, not to be changed
   * @param s standard deviation of the smoothing, above 0
   */
  public SmoothedData(float[][] data, double s) {
    if (data.length == 0 || !(s > 0)) {
      throw new IllegalArgumentException(data.length + " points, s = " + s);
    }
    this.data = data;
    this.s = s;
  }

  /**
   * @param x a point x_α
   * @param alpha in [0, 1]
   * @param direction becomes D(x, α)
   */
  public void direction(double[] x, double alpha, double[] direction) {
    double v = (1 - alpha) * (1 - alpha) + alpha * alpha * s * s;
    double[] weights = posterior(x, alpha, v);
    double c = (alpha * s * s - (1 - alpha)) / v;
    for (int k = 0; k < x.length; k++) {
      double mean = 0;
      for (int i = 0; i < data.length; i++) {
        mean += weights[i] * data[i][k];
      }
      direction[k] = mean + c * (x[k] - alpha * mean);
    }
  }

  /** Sums to 1; the largest exponent is taken off first, so that none overflows. */
  private double[] posterior(double[] x, double alpha, double v) {
    double[] weights = new double[data.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < data.length; i++) {
      double squares = 0;
      for (int k = 0; k < x.length; k++) {
        double difference = x[k] - alpha * data[i][k];
        squares += difference * difference;
      }
      weights[i] = -squares / (2 * v);
      largest = Math.max(largest, weights[i]);
    }
    double sum = 0;
    for (int i = 0; i < data.length; i++) {
      weights[i] = StrictMath.exp(weights[i] - largest);
      sum += weights[i];
    }
    for (int i = 0; i < data.length; i++) {
      weights[i] /= sum;
    }
    return weights;
  }
}
