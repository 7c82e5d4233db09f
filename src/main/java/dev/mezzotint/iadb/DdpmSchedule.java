package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * The noise schedule that a network with {@link Prediction#EPSILON}, or {@link Prediction#X1} in
 * DDPM's way, was trained with: ᾱ at each integer timestep, ᾱ_t = Π (1 − β_i) over i ≤ t.
 * Immutable.
 *
 * <p>In terms of α the schedule begins at {@link #alphaStart}, above 0 because the last timestep
 * still holds a trace of the image, and ends at {@link #alphaEnd}, below 1 because the first
 * timestep already adds noise. For the common linear schedule with 1,000 steps these are 0.0063 and
 * 0.9901. Beyond its ends a sampler uses the direction at the end.
 *
 * @param kind how β goes from its start to its end
 * @param betaStart β_0; ignored by {@link Kind#COSINE}
 * @param betaEnd the last β; ignored by {@link Kind#COSINE}
 * @param steps timesteps in training
 */
public record DdpmSchedule(Kind kind, double betaStart, double betaEnd, int steps) {
  public static final int STEPS_MAX = 10_000;

  /** The schedule of the original DDPM and of most published ε networks for pixels. */
  public static final DdpmSchedule LINEAR = new DdpmSchedule(Kind.LINEAR, 1e-4, 0.02, 1000);

  /** Kinds of noise schedules, named as in diffusers. */
  public enum Kind {
    LINEAR("linear"),
    /** √β is linear. */
    SCALED_LINEAR("scaled_linear"),
    /** ᾱ follows a squared cosine, β at most 0.999. */
    COSINE("squaredcos_cap_v2");

    private final String wireName;

    Kind(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }
  }

  public DdpmSchedule {
    boolean cosine = kind == Kind.COSINE;
    if (steps < 2 || steps > STEPS_MAX) {
      throw new IllegalArgumentException("steps is " + steps + ", must be 2 to " + STEPS_MAX);
    }
    if (!cosine && !(betaStart > 0 && betaStart <= betaEnd && betaEnd < 1)) {
      throw new IllegalArgumentException(
          "betas go from " + betaStart + " to " + betaEnd + ": they must rise within (0, 1)");
    }
  }

  /** ᾱ_0 … ᾱ_(steps − 1), strictly falling; a new array. */
  public double[] alphaBars() {
    double[] bars = new double[steps];
    double product = 1;
    for (int t = 0; t < steps; t++) {
      product *= 1 - beta(t);
      bars[t] = product;
    }
    return bars;
  }

  private double beta(int t) {
    double share = (double) t / (steps - 1);
    return switch (kind) {
      case LINEAR -> betaStart + share * (betaEnd - betaStart);
      case SCALED_LINEAR -> {
        double root = Math.sqrt(betaStart) + share * (Math.sqrt(betaEnd) - Math.sqrt(betaStart));
        yield root * root;
      }
      case COSINE -> Math.min(0.999, 1 - cosine(t + 1) / cosine(t));
    };
  }

  private double cosine(int t) {
    double c = StrictMath.cos(((double) t / steps + 0.008) / 1.008 * Math.PI / 2);
    return c * c;
  }

  /** α of the last timestep, the noisiest. */
  public double alphaStart() {
    return Iadb.alphaFromAlphaBar(alphaBars()[steps - 1]);
  }

  /** α of timestep 0. */
  public double alphaEnd() {
    return Iadb.alphaFromAlphaBar(alphaBars()[0]);
  }

  /**
   * The fractional timestep with the noise level of α: ᾱ is interpolated linearly between integer
   * timesteps and clamped to the schedule's ends.
   */
  public double timestep(double alpha) {
    double[] bars = alphaBars();
    double bar = Math.max(bars[steps - 1], Math.min(bars[0], Iadb.alphaBar(alpha)));
    int above = (int) Arrays.stream(bars).filter(value -> value > bar).count();
    int t = Math.max(0, Math.min(steps - 2, above - 1));
    return t + (bars[t] - bar) / (bars[t] - bars[t + 1]);
  }
}
