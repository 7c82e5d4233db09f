package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * A probability density from which x0 or x1 is drawn. p0 and p1 may be any densities; neither has
 * to be noise. Immutable, safe for use by many threads.
 */
public sealed interface Density {

  int dimensions();

  /**
   * Draws one point.
   *
   * @param x receives {@link #dimensions} values
   */
  void draw(RandomStream draws, double[] x);

  /** A density that can be evaluated at a point, as rejection and exact posteriors require. */
  sealed interface Valued extends Density {

    /** ln(p(x) / max p): 0 where the density is highest, −∞ where it is zero. */
    double logRelative(double[] x);
  }

  /** Independent normal values; mean 0 and deviation 1 is the usual p0. */
  record Gaussian(int dimensions, double mean, double deviation) implements Valued {
    @Override
    public void draw(RandomStream draws, double[] x) {
      for (int k = 0; k < dimensions; k++) {
        x[k] = mean + deviation * draws.gaussian();
      }
    }

    @Override
    public double logRelative(double[] x) {
      double squares = 0;
      for (int k = 0; k < dimensions; k++) {
        double z = (x[k] - mean) / deviation;
        squares += z * z;
      }
      return -squares / 2;
    }
  }

  /** Independent values, each uniform in [low, high). */
  record Uniform(int dimensions, double low, double high) implements Valued {
    @Override
    public void draw(RandomStream draws, double[] x) {
      for (int k = 0; k < dimensions; k++) {
        x[k] = low + (high - low) * draws.uniform();
      }
    }

    @Override
    public double logRelative(double[] x) {
      for (int k = 0; k < dimensions; k++) {
        if (x[k] < low || x[k] > high) {
          return Double.NEGATIVE_INFINITY;
        }
      }
      return 0;
    }
  }

  /**
   * Uniform in a triangle of the plane.
   *
   * @param corners 3×2: x and y of each corner, anticlockwise; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // read only, never compared
  record Triangle(double[][] corners) implements Valued {
    @Override
    public int dimensions() {
      return 2;
    }

    /** Draws from a parallelogram and reflects the points of its other half into the triangle. */
    @Override
    public void draw(RandomStream draws, double[] x) {
      double u = draws.uniform();
      double v = draws.uniform();
      if (u + v > 1) {
        u = 1 - u;
        v = 1 - v;
      }
      for (int k = 0; k < 2; k++) {
        double origin = corners[0][k];
        x[k] = origin + u * (corners[1][k] - origin) + v * (corners[2][k] - origin);
      }
    }

    @Override
    public double logRelative(double[] x) {
      for (int i = 0; i < 3; i++) {
        double[] from = corners[i];
        double[] to = corners[(i + 1) % 3];
        double left = (to[0] - from[0]) * (x[1] - from[1]) - (to[1] - from[1]) * (x[0] - from[0]);
        if (left < 0) {
          return Double.NEGATIVE_INFINITY;
        }
      }
      return 0;
    }
  }

  /**
   * A grey image used as a density of the plane: the probability of a pixel is proportional to its
   * brightness. The longer side spans [−1, 1], the shorter one is centred, y points up.
   */
  final class Grey implements Valued {
    private final int width;
    private final int height;
    private final float[] values;
    private final double[] cumulated; // Σ of values up to and with each pixel
    private final double largest;

    /**
     * @param values height × width from the top, at least 0, not all of them 0; copied
     */
    public Grey(int width, int height, float[] values) {
      if (width < 1 || height < 1 || values.length != width * height) {
        throw new IllegalArgumentException(
            values.length + " values for " + width + "×" + height + " pixels");
      }
      this.width = width;
      this.height = height;
      this.values = values.clone();
      this.cumulated = new double[values.length];
      double sum = 0;
      double most = 0;
      for (int i = 0; i < values.length; i++) {
        if (!(values[i] >= 0) || Float.isInfinite(values[i])) {
          throw new IllegalArgumentException(
              "pixel " + i + " is " + values[i] + ", must be finite and at least 0");
        }
        sum += values[i];
        most = Math.max(most, values[i]);
        cumulated[i] = sum;
      }
      if (sum == 0) {
        throw new IllegalArgumentException("an all-black image cannot be used as a density");
      }
      this.largest = most;
    }

    @Override
    public int dimensions() {
      return 2;
    }

    @Override
    public void draw(RandomStream draws, double[] x) {
      double share = draws.uniform() * cumulated[cumulated.length - 1];
      int found = Arrays.binarySearch(cumulated, share);
      int pixel = found >= 0 ? found + 1 : -found - 1; // the first whose sum is above the share
      x[0] = (pixel % width + draws.uniform() - width / 2.0) * pixelSize();
      x[1] = (height / 2.0 - pixel / width - draws.uniform()) * pixelSize();
    }

    @Override
    public double logRelative(double[] x) {
      int column = (int) Math.floor(x[0] / pixelSize() + width / 2.0);
      int row = (int) Math.floor(height / 2.0 - x[1] / pixelSize());
      if (column < 0 || column >= width || row < 0 || row >= height) {
        return Double.NEGATIVE_INFINITY;
      }
      return StrictMath.log(values[row * width + column] / largest);
    }

    private double pixelSize() {
      return 2.0 / Math.max(width, height);
    }
  }

  /**
   * A finite data set, uniform over its points. It cannot be evaluated at a point; {@link
   * SmoothedData} and {@link Deblending#ofData} treat it exactly.
   *
   * @param points of equal length, at least one; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // read only, never compared
  record Data(float[][] points) implements Density {
    @Override
    public int dimensions() {
      return points[0].length;
    }

    @Override
    public void draw(RandomStream draws, double[] x) {
      float[] point = points[draws.below(points.length)];
      for (int k = 0; k < point.length; k++) {
        x[k] = point[k];
      }
    }
  }

  /** The upright triangle of the paper's figure, with its centre of mass at the origin. */
  static Density.Valued triangle() {
    double half = Math.sqrt(3) / 2;
    return new Triangle(new double[][] {{-half, -0.5}, {half, -0.5}, {0, 1}});
  }

  /** The square of the paper's figure, with its centre at the origin. */
  static Density.Valued square() {
    return new Uniform(2, -0.75, 0.75);
  }

  /**
   * A density of the plane by its name: {@code gaussian}, {@code uniform}, {@code triangle} or
   * {@code square}.
   *
   * @throws IllegalArgumentException listing the known names
   */
  static Density.Valued parse(String name) {
    return switch (name) {
      case "gaussian" -> new Gaussian(2, 0, 1);
      case "uniform" -> new Uniform(2, -1, 1);
      case "triangle" -> triangle();
      case "square" -> square();
      default ->
          throw new IllegalArgumentException(
              "unknown density '" + name + "': use gaussian, uniform, triangle or square");
    };
  }
}
