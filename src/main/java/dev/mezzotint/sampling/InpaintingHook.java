package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.RandomStream;

/** Inpainting of one row: known pixels go back onto their own line after each step. */
public final class InpaintingHook implements StageHook {
  private final Inpainting plan;
  private final float[] x0;
  private final float[] known;
  private final float[] mask;
  private final RandomStream draws;

  /**
   * @param x0 the row's noise, C×H×W
   * @param known the picture, likewise
   * @param mask likewise, 1 where it is to be painted anew, 0 where it is known
   * @param draws for jumps back
   */
  public InpaintingHook(
      Inpainting plan, float[] x0, float[] known, float[] mask, RandomStream draws) {
    this.plan = plan;
    this.x0 = x0;
    this.known = known;
    this.mask = mask;
    this.draws = draws;
  }

  @Override
  public boolean wantsStage(int stages) {
    return !(plan.actions().get(stages - 1) instanceof Inpainting.Action.Continue);
  }

  @Override
  public boolean afterStage(int stages, float[] x) {
    return plan.apply(stages - 1, x, x0, known, mask, draws);
  }
}
