package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.RandomStream;

/** Inpaints one row: after each step, known pixels are put back onto their own line. */
public final class InpaintingHook implements StageHook {
  private final Inpainting plan;
  private final float[] x0;
  private final float[] known;
  private final float[] mask;
  private final RandomStream jumps;

  /**
   * @param x0 the row's noise, C×H×W
   * @param known the image, C×H×W
   * @param mask as {@link #mask} returns it
   * @param seed of the row's noise, from which the noise of jumps back is derived
   * @param index within the seed's stream
   */
  public InpaintingHook(
      Inpainting plan, float[] x0, float[] known, float[] mask, long seed, int index) {
    this.plan = plan;
    this.x0 = x0;
    this.known = known;
    this.mask = mask;
    this.jumps = new RandomStream(~seed, index);
  }

  /**
   * A mask over all channels: 1 where the image is repainted, 0 where it is known.
   *
   * @param grey H×W in [−1, 1]: white is repainted
   * @return C×H×W
   */
  public static float[] mask(float[] grey, int channels) {
    float[] mask = new float[channels * grey.length];
    for (int k = 0; k < mask.length; k++) {
      mask[k] = (grey[k % grey.length] + 1) / 2;
    }
    return mask;
  }

  @Override
  public boolean wantsStage(int stages) {
    return !(plan.actions().get(stages - 1) instanceof Inpainting.Action.Continue);
  }

  @Override
  public boolean afterStage(int stages, float[] x) {
    return plan.apply(stages - 1, x, x0, known, mask, jumps);
  }
}
