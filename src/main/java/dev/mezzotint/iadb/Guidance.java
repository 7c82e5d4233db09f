package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * Class guidance: the direction with the class, exaggerated against the one without it.
 *
 * <pre>
 *   plain       v = (1 − w) v_u + w v_c                    = v_u + w (v_c − v_u)
 *   CFG-Zero*   v = (1 − w) s v_u + w v_c,   s = ⟨v_c, v_u⟩ / |v_u|²,   and v = 0 in the first steps
 * </pre>
 *
 * The scale s makes the two comparable where the network errs, and the first steps are left out
 * because its direction there is worse than none [1]. With w = 1 there is no guidance: v is v_c
 * itself, and no step is left out. Immutable.
 *
 * <p>[1] Fan et al.: CFG-Zero*: improved classifier-free guidance for flow matching models, 2025.
 *
 * @param weight w, 0 to {@link #WEIGHT_MAX}
 * @param zeroStar CFG-Zero* instead of plain guidance
 */
public record Guidance(double weight, boolean zeroStar) {
  public static final double WEIGHT_MAX = 100;

  /** Share of the steps that CFG-Zero* leaves out at the start. */
  public static final double ZERO_SHARE = 0.04;

  /** v_c alone. */
  public static final Guidance NONE = new Guidance(1, /* zeroStar= */ false);

  public Guidance {
    if (!(weight >= 0 && weight <= WEIGHT_MAX)) {
      throw new IllegalArgumentException("guidance is " + weight + ", must be 0 to " + WEIGHT_MAX);
    }
  }

  /** Whether the direction without the class is needed at all. */
  public boolean guides() {
    return weight != 1;
  }

  /**
   * The ends of the steps that are walked: v = 0 in a step leaves x where it is, so CFG-Zero*
   * begins with x0 at a later α. Solvers with memory must not remember what was left out.
   *
   * @param alphas ends of all steps
   * @return the last ones of them, two at least
   */
  public double[] activeAlphas(double[] alphas) {
    int steps = alphas.length - 1;
    int left = guides() && zeroStar ? (int) Math.ceil(ZERO_SHARE * steps) : 0;
    return Arrays.copyOfRange(alphas, Math.min(left, steps - 1), alphas.length);
  }

  /**
   * v of all values.
   *
   * @param with v_c
   * @param without v_u
   * @param guided becomes v; may be one of them
   */
  public void apply(float[] with, float[] without, float[] guided) {
    if (!guides()) {
      System.arraycopy(with, 0, guided, 0, with.length);
      return;
    }
    double dot = 0;
    double squares = 0;
    for (int k = 0; k < with.length; k++) {
      dot += (double) with[k] * without[k];
      squares += (double) without[k] * without[k];
    }
    double scale = zeroStar && squares > 0 ? dot / squares : 1;
    for (int k = 0; k < with.length; k++) {
      guided[k] = (float) ((1 - weight) * scale * without[k] + weight * with[k]);
    }
  }
}
