package dev.mezzotint.iadb;

/**
 * Gaussian noise whose spectrum rises with frequency, so that neighbouring pixels differ more than
 * in white noise. A p0 with mean 0 and mean variance 1, for models trained from it.
 *
 * <p>In the orthonormal cosine basis the coefficients are independent with deviations
 *
 * <pre>  σ(u, v) ∝ ½ + f,   f = √((u/H)² + (v/W)²),   the mean of σ² being 1</pre>
 *
 * Immutable, safe for use by many threads.
 */
public final class BlueNoise {
  private static final double FLOOR = 0.5;

  private final int height;
  private final int width;
  private final double[] deviations;
  private final double[][] down;
  private final double[][] across;

  public BlueNoise(int height, int width) {
    if (height < 1 || width < 1 || height > 4096 || width > 4096) {
      throw new IllegalArgumentException(
          "width and height must be 1 to 4096, not " + width + "×" + height);
    }
    this.height = height;
    this.width = width;
    this.deviations = new double[height * width];
    double squares = 0;
    for (int i = 0; i < deviations.length; i++) {
      double u = (double) (i / width) / height;
      double v = (double) (i % width) / width;
      deviations[i] = FLOOR + Math.sqrt(u * u + v * v);
      squares += deviations[i] * deviations[i];
    }
    double mean = Math.sqrt(squares / deviations.length);
    for (int i = 0; i < deviations.length; i++) {
      deviations[i] /= mean;
    }
    this.down = cosines(height);
    this.across = cosines(width);
  }

  /** The rows of the orthonormal cosine transform (DCT-II) of size n. */
  private static double[][] cosines(int n) {
    double[][] rows = new double[n][n];
    for (int k = 0; k < n; k++) {
      double scale = Math.sqrt((k == 0 ? 1.0 : 2.0) / n);
      for (int i = 0; i < n; i++) {
        rows[k][i] = scale * StrictMath.cos(Math.PI * k * (i + 0.5) / n);
      }
    }
    return rows;
  }

  /** σ of each coefficient, height × width; a copy. */
  public double[] deviations() {
    return deviations.clone();
  }

  /**
   * Turns white noise into blue noise, plane by plane, in place.
   *
   * @param values planes × height × width from {@code offset} on
   */
  public void colour(float[] values, int offset, int planes) {
    double[] plane = new double[height * width];
    for (int p = 0; p < planes; p++) {
      int at = offset + p * plane.length;
      // White noise is white in every orthonormal basis, so these values are used as coefficients.
      for (int i = 0; i < plane.length; i++) {
        plane[i] = deviations[i] * values[at + i];
      }
      double[] pixels = pixels(plane);
      for (int i = 0; i < plane.length; i++) {
        values[at + i] = (float) pixels[i];
      }
    }
  }

  /** Transforms one plane of coefficients to pixels. */
  public double[] pixels(double[] coefficients) {
    return transform(coefficients, /* inverse= */ true);
  }

  /** Transforms one plane of pixels to coefficients. */
  public double[] coefficients(double[] pixels) {
    return transform(pixels, /* inverse= */ false);
  }

  private double[] transform(double[] plane, boolean inverse) {
    double[] half = new double[plane.length];
    for (int row = 0; row < height; row++) {
      for (int k = 0; k < width; k++) {
        double sum = 0;
        for (int i = 0; i < width; i++) {
          sum += (inverse ? across[i][k] : across[k][i]) * plane[row * width + i];
        }
        half[row * width + k] = sum;
      }
    }
    double[] whole = new double[plane.length];
    for (int k = 0; k < height; k++) {
      for (int i = 0; i < height; i++) {
        double share = inverse ? down[i][k] : down[k][i];
        for (int column = 0; column < width; column++) {
          whole[k * width + column] += share * half[i * width + column];
        }
      }
    }
    return whole;
  }
}
