package dev.mezzotint.iadb;

/**
 * The formulas of Iterative α-(de)Blending (Heitz, Belcour, Chambon, SIGGRAPH 2023), each once.
 *
 * <pre>
 *   blend        xα = (1 − α) x0 + α x1
 *   training     D(xα, α) → x1 − x0, least squares over random x0, x1, α
 *   sampling     x ← x + (α′ − α) D(x, α), from x = x0 at α = 0 to α = 1
 *   endpoints    x0 = xα − α D,   x1 = xα + (1 − α) D
 * </pre>
 *
 * Each formula takes one value: an image is many of them, and no formula combines two. The device
 * programs ({@code network.NetworkProgram}, {@code TrainStep}) implement the same formulas in
 * TorchScript; tests compare the two. Pure functions, safe for use by many threads.
 */
public final class Iadb {
  /**
   * Distance in α from the singular end of an x0 or x1 prediction within which the direction at
   * this distance is used instead. See {@link #regularAlpha}.
   */
  public static final double SINGULAR_MARGIN = 0.01;

  private Iadb() {}

  /** xα = (1 − α) x0 + α x1. */
  public static double blend(double x0, double x1, double alpha) {
    return (1 - alpha) * x0 + alpha * x1;
  }

  /** {@link #blend(double, double, double)} for every value of two points. */
  public static void blend(double[] x0, double[] x1, double alpha, double[] xAlpha) {
    for (int k = 0; k < xAlpha.length; k++) {
      xAlpha[k] = blend(x0[k], x1[k], alpha);
    }
  }

  /** {@link #blend(double, double, double)} for images; the output may be one of the inputs. */
  public static void blend(float[] x0, float[] x1, double alpha, float[] xAlpha) {
    for (int k = 0; k < xAlpha.length; k++) {
      xAlpha[k] = (float) blend(x0[k], x1[k], alpha);
    }
  }

  /** x0 = (xα − α x1) / (1 − α): a blend solved for its x0, with α below 1. */
  static void x0FromBlend(double[] xAlpha, double[] x1, double alpha, double[] x0) {
    for (int k = 0; k < x0.length; k++) {
      x0[k] = (xAlpha[k] - alpha * x1[k]) / (1 - alpha);
    }
  }

  /** x1 = (xα − (1 − α) x0) / α: a blend solved for its x1, with α above 0. */
  static void x1FromBlend(double[] xAlpha, double[] x0, double alpha, double[] x1) {
    for (int k = 0; k < x1.length; k++) {
      x1[k] = (xAlpha[k] - (1 - alpha) * x0[k]) / alpha;
    }
  }

  /** D = x1 − x0; the network learns its mean. */
  public static double direction(double x0, double x1) {
    return x1 - x0;
  }

  /** x ← x + (α′ − α) D. */
  public static double step(double x, double direction, double alpha, double alphaNext) {
    return x + (alphaNext - alpha) * direction;
  }

  /** x0 = xα − α D: the noise end of the line through xα along D. */
  public static double x0FromDirection(double xAlpha, double direction, double alpha) {
    return xAlpha - alpha * direction;
  }

  /** x1 = xα + (1 − α) D: the data end of the line, a preview of the final image. */
  public static double x1FromDirection(double xAlpha, double direction, double alpha) {
    return xAlpha + (1 - alpha) * direction;
  }

  /**
   * Converts a network's output to a direction.
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
  public static double directionFrom(
      Prediction prediction, double xAlpha, double output, double alpha) {
    double share =
        switch (prediction) {
          case DIRECTION -> 1;
          case X0, EPSILON -> alpha;
          case X1 -> 1 - alpha;
        };
    if (share == 0) {
      throw new IllegalArgumentException(
          "a prediction of " + prediction.wireName() + " has no direction at alpha " + alpha);
    }
    return switch (prediction) {
      case DIRECTION -> output;
      case X0, EPSILON -> (xAlpha - output) / share;
      case X1 -> (output - xAlpha) / share;
    };
  }

  /**
   * The α at which a sampler evaluates the network and {@link #directionFrom}: α itself, except
   * within {@link #SINGULAR_MARGIN} of the end where the formula divides by zero. Over that
   * distance the direction changes little, whereas the network's error would be divided by a
   * vanishing number. {@link Prediction#EPSILON} is limited by the ends of its noise schedule
   * instead.
   */
  public static double regularAlpha(Prediction prediction, double alpha) {
    return switch (prediction) {
      case DIRECTION, EPSILON -> alpha;
      case X0 -> Math.max(SINGULAR_MARGIN, alpha);
      case X1 -> Math.min(1 - SINGULAR_MARGIN, alpha);
    };
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

  /** s with x_t = s·xα, the input scale of a network trained for DDPM: 1 / √(α² + (1 − α)²). */
  public static double ddpmScale(double alpha) {
    return 1 / Math.sqrt(alpha * alpha + (1 - alpha) * (1 - alpha));
  }
}
