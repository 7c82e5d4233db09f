package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * The exact posterior of a finite data set smoothed by a small Gaussian, and the direction field
 * derived from it: the reference that solvers, networks and training are measured against.
 *
 * <p>x0 ~ N(0, I) and x1 = y_i + s·n with i uniform over the data and n ~ N(0, I). Given i, the
 * blend x_α = (1−α)·x0 + α·x1 is normal around α·y_i with variance v = (1−α)² + α²s². So the
 * posterior of i has weights w_i ∝ exp(−|x_α − α·y_i|² / 2v), and with the residual r_i = x_α −
 * α·y_i
 *
 * <pre>
 *   x0 given x_α, i:   (1−α)/v·r_i          − αs/√v·n
 *   x1 given x_α, i:   y_i + αs²/v·r_i + (1−α)s/√v·n,     the same n ~ N(0, I) in both
 * </pre>
 *
 * {@link #means} takes the mean over n and i; {@link #deblend} draws a sample.
 *
 * <p>With s = 0 every solver would end on a data point in its last step, and its error would only
 * measure which one. For a single point both ends are Gaussian and the map is known: z goes to y +
 * s·z. Immutable, safe for use by many threads.
 */
public final class SmoothedData implements Field, Deblending {
  private final float[][] data;
  private final double s;
  private final double[] variances; // of x0, one per value

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
    this.variances = new double[data[0].length];
    Arrays.fill(variances, 1);
  }

  /**
   * As {@link #SmoothedData(float[][], double)}, with one deviation of x0 per value: then v =
   * (1−α)² σ² + α² s² per value, and x0 given x_α, i is (1−α)σ²/v·r_i − αsσ/√v·n. Coloured noise
   * has this form in the eigenbasis of its covariance.
   *
   * @param deviations σ of x0, one per value, all above 0
   */
  public SmoothedData(float[][] data, double s, double[] deviations) {
    this(data, s);
    for (int k = 0; k < variances.length; k++) {
      variances[k] = deviations[k] * deviations[k];
    }
  }

  /** D(x, α), the posterior mean of x1 − x0. */
  @Override
  public void direction(double[] x, double alpha, double[] direction) {
    double[] x0 = new double[x.length];
    means(x, alpha, x0, direction);
    for (int k = 0; k < x.length; k++) {
      direction[k] -= x0[k];
    }
  }

  /**
   * The posterior means of both ends; regular for every α in [0, 1], ends included.
   *
   * @param x a point x_α
   * @param x0 receives the mean of x0
   * @param x1 receives the mean of x1
   */
  public void means(double[] x, double alpha, double[] x0, double[] x1) {
    double[] weights = posterior(x, alpha);
    Arrays.fill(x1, 0);
    for (int i = 0; i < data.length; i++) {
      if (weights[i] > 0) { // most are zero, and an image has many values
        for (int k = 0; k < x.length; k++) {
          x1[k] += weights[i] * data[i][k];
        }
      }
    }
    for (int k = 0; k < x.length; k++) {
      double rest = x[k] - alpha * x1[k];
      double v = variance(k, alpha);
      x0[k] = (1 - alpha) * variances[k] / v * rest;
      x1[k] += alpha * s * s / v * rest;
    }
  }

  @Override
  public void deblend(double[] x, double alpha, RandomStream draws, double[] x0, double[] x1) {
    float[] y = data[Softmax.draw(posterior(x, alpha), draws)];
    for (int k = 0; k < x.length; k++) {
      double rest = x[k] - alpha * y[k];
      double v = variance(k, alpha);
      double n = draws.gaussian() * s * Math.sqrt(variances[k] / v);
      x0[k] = (1 - alpha) * variances[k] / v * rest - alpha * n;
      x1[k] = y[k] + alpha * s * s / v * rest + (1 - alpha) * n;
    }
  }

  private double variance(int k, double alpha) {
    return (1 - alpha) * (1 - alpha) * variances[k] + alpha * alpha * s * s;
  }

  /** The weights w_i, which sum to 1. */
  private double[] posterior(double[] x, double alpha) {
    double[] weights = new double[data.length];
    double[] halves = new double[x.length];
    for (int k = 0; k < x.length; k++) {
      halves[k] = 1 / (2 * variance(k, alpha));
    }
    for (int i = 0; i < data.length; i++) {
      double squares = 0;
      for (int k = 0; k < x.length; k++) {
        double rest = x[k] - alpha * data[i][k];
        squares += rest * rest * halves[k];
      }
      weights[i] = -squares;
    }
    if (!Softmax.normalize(weights)) {
      throw new IllegalArgumentException("x must have finite values");
    }
    return weights;
  }
}
