package dev.mezzotint.iadb;

/**
 * The formulas of Iterative α-(de)Blending (Heitz, Belcour, Chambon, SIGGRAPH 2023), each once.
 *
 * <pre>
 *   blend        xα = (1 − α) x0 + α x1
 *   training     D(xα, α) → x1 − x0, least squares over random x0, x1, α
 *   sampling     x ← x + (α′ − α) D(x, α), from x = x0 at α = 0 to α = 1
 *   read off     x0 = xα − α D,   x1 = xα + (1 − α) D
 * </pre>
 *
 * The error of D enters a step multiplied by α′ − α and so stays bounded however many steps there
 * are; the other predictions divide it by α or 1 − α. Arrays are any number of values of equal
 * length, pixels in [−1, 1]; outputs may be the same array as an input. Safe for use by several
 * threads on different arrays.
 */
public final class Iadb {
  private Iadb() {}

  /** xα = (1 − α) x0 + α x1. */
  public static void blend(float[] x0, float[] x1, double alpha, float[] xAlpha) {
    checkLengths(x0, x1, xAlpha);
    for (int i = 0; i < xAlpha.length; i++) {
      xAlpha[i] = (float) ((1 - alpha) * x0[i] + alpha * x1[i]);
    }
  }

  /** D = x1 − x0, what the network learns the mean of. */
  public static void direction(float[] x0, float[] x1, float[] direction) {
    checkLengths(x0, x1, direction);
    for (int i = 0; i < direction.length; i++) {
      direction[i] = x1[i] - x0[i];
    }
  }

  /** x ← x + (α′ − α) D, in place. */
  public static void step(float[] x, float[] direction, double alpha, double alphaNext) {
    checkLengths(x, direction, x);
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (x[i] + (alphaNext - alpha) * direction[i]);
    }
  }

  /** x0 = xα − α D: the noise end of the line through xα along D. */
  public static void x0FromDirection(float[] xAlpha, float[] direction, double alpha, float[] x0) {
    checkLengths(xAlpha, direction, x0);
    for (int i = 0; i < x0.length; i++) {
      x0[i] = (float) (xAlpha[i] - alpha * direction[i]);
    }
  }

  /** x1 = xα + (1 − α) D: the data end of the line, a preview of the picture to come. */
  public static void x1FromDirection(float[] xAlpha, float[] direction, double alpha, float[] x1) {
    checkLengths(xAlpha, direction, x1);
    for (int i = 0; i < x1.length; i++) {
      x1[i] = (float) (xAlpha[i] + (1 - alpha) * direction[i]);
    }
  }

  /**
   * The direction that a network's output stands for.
   *
   * <pre>
   *   direction    D
   *   x0, epsilon  (xα − x0) / α
   *   x1           (x1 − xα) / (1 − α)
   * </pre>
   *
   * @param xAlpha the blend itself; for {@link Prediction#EPSILON} not the rescaled input
   * @throws IllegalArgumentException where the formula divides by zero: x0 and ε at α = 0, x1 at α
   *     = 1
   */
  public static void directionFrom(
      Prediction prediction, float[] xAlpha, float[] output, double alpha, float[] direction) {
    checkLengths(xAlpha, output, direction);
    double share = divisor(prediction, alpha);
    for (int i = 0; i < direction.length; i++) {
      direction[i] =
          switch (prediction) {
            case DIRECTION -> output[i];
            case X0, EPSILON -> (float) ((xAlpha[i] - output[i]) / share);
            case X1 -> (float) ((output[i] - xAlpha[i]) / share);
          };
    }
  }

  private static double divisor(Prediction prediction, double alpha) {
    double share =
        switch (prediction) {
          case DIRECTION -> 1;
          case X0, EPSILON -> alpha;
          case X1 -> 1 - alpha;
        };
    if (share == 0) {
      throw new IllegalArgumentException(
          "a prediction of " + prediction.word() + " has no direction at alpha " + alpha);
    }
    return share;
  }

  /**
   * α of DDPM's ᾱ: with x_t = √ᾱ x1 + √(1 − ᾱ) x0, x_t / (√ᾱ + √(1 − ᾱ)) is the blend at α = √ᾱ /
   * (√ᾱ + √(1 − ᾱ)). Exact, no approximation.
   *
   * @param alphaBar in [0, 1]
   */
  public static double alphaFromAlphaBar(double alphaBar) {
    double signal = Math.sqrt(alphaBar);
    double noise = Math.sqrt(1 - alphaBar);
    return signal / (signal + noise);
  }

  /** ᾱ = α² / (α² + (1 − α)²), the inverse of {@link #alphaFromAlphaBar}. */
  public static double alphaBar(double alpha) {
    return alpha * alpha / (alpha * alpha + (1 - alpha) * (1 - alpha));
  }

  /** s with x_t = s·xα, the input of a network trained for DDPM: 1 / √(α² + (1 − α)²). */
  public static double ddpmScale(double alpha) {
    return 1 / Math.sqrt(alpha * alpha + (1 - alpha) * (1 - alpha));
  }

  private static void checkLengths(float[] a, float[] b, float[] out) {
    if (a.length != out.length || b.length != out.length) {
      throw new IllegalArgumentException(
          "lengths differ: " + a.length + ", " + b.length + " and " + out.length);
    }
  }
}
