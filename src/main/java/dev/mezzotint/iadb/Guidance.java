package dev.mezzotint.iadb;

import java.util.Arrays;

/**
 * Classifier-free guidance: extrapolates from the unconditional direction v_u through the
 * conditional direction v_c.
 *
 * <pre>
 *   plain       v = (1 − w) v_u + w v_c                    = v_u + w (v_c − v_u)
 *   CFG-Zero*   v = (1 − w) s v_u + w v_c,   s = ⟨v_c, v_u⟩ / |v_u|²,   and v = 0 in the first steps
 * </pre>
 *
 * The scale s makes the two comparable where the network errs, and the first steps are skipped
 * because the network's direction there is worse than none [1]. With w = 1 there is no guidance: v
 * is v_c itself, and no step is skipped. Immutable.
 *
 * <p>[1] Fan et al.: CFG-Zero*: improved classifier-free guidance for flow matching models, 2025.
 *
 * @param weight w, 0 to {@link #WEIGHT_MAX}
 * @param zeroStar whether CFG-Zero* is used instead of plain guidance
 */
public record Guidance(double weight, boolean zeroStar) {
  public static final double WEIGHT_MAX = 100;

  /** Share of the steps that CFG-Zero* skips at the start. */
  public static final double ZERO_SHARE = 0.04;

  /** No guidance: v = v_c. */
  public static final Guidance NONE = new Guidance(1, /* zeroStar= */ false);

  public Guidance {
    if (!(weight >= 0 && weight <= WEIGHT_MAX)) {
      throw new IllegalArgumentException("guidance is " + weight + ", must be 0 to " + WEIGHT_MAX);
    }
  }

  /** Whether the unconditional direction is needed. */
  public boolean guides() {
    return weight != 1;
  }

  /**
   * The alphas of the steps that are taken. A step with v = 0 leaves x unchanged, so CFG-Zero*
   * starts from x0 at a later α; multistep solvers must not remember the skipped steps.
   *
   * @param alphas of all steps
   * @return the last of them, at least two
   */
  public double[] activeAlphas(double[] alphas) {
    int steps = alphas.length - 1;
    int skipped = guides() && zeroStar ? (int) Math.ceil(ZERO_SHARE * steps) : 0;
    return Arrays.copyOfRange(alphas, Math.min(skipped, steps - 1), alphas.length);
  }

  /**
   * Computes v.
   *
   * @param with v_c
   * @param without v_u
   * @param guided receives v; may be one of the inputs
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
