package dev.mezzotint.iadb;

import java.util.ArrayList;
import java.util.List;

/**
 * Inpainting: sampling with known pixels. After every step the known pixels are reset to their own
 * straight line from noise to image; the step may then be repeated from a jump back in α, so that
 * generated and known pixels become consistent.
 *
 * <pre>
 *   paste       x ← m x + (1 − m) ((1 − α) x0 + α x1),   x1 the known image, x0 the row's own noise
 *   jump back   x ← (α/α′) x + √((1 − α)² − (α/α′)² (1 − α′)²) z,   z ~ N(0, I), α &lt; α′
 * </pre>
 *
 * The jump keeps the density of blends at α: of x = (1 − α′) x0 + α′ x1 it leaves α x1, and noise
 * of variance (α/α′)² (1 − α′)², which z fills up to (1 − α)². At α = 1 the known pixels are
 * exactly those of the image. Immutable, safe for use by many threads.
 *
 * @param stages of the whole trajectory, including repeated steps
 * @param actions actions.get(i) follows stage i
 */
public record Inpainting(List<Stage> stages, List<Action> actions) {
  public static final int REPEATS_MAX = 16;

  /** The action after a stage. */
  public sealed interface Action {
    /** Nothing: the step has further stages. */
    record Continue() implements Action {}

    /** Resets the known pixels. */
    record Paste(double alpha) implements Action {}

    /** Resets the known pixels and jumps back to repeat the step. */
    record Repeat(double alpha, double back) implements Action {}
  }

  public Inpainting {
    stages = List.copyOf(stages);
    actions = List.copyOf(actions);
  }

  /**
   * Plans inpainting with this solver.
   *
   * @param alphas rising to 1
   * @param repeats how often each step is repeated, 0 to {@link #REPEATS_MAX}; multistep solvers
   *     then take single steps, because their history belongs to another trajectory
   */
  public static Inpainting of(Solver solver, double[] alphas, int repeats) {
    if (repeats < 0 || repeats > REPEATS_MAX) {
      throw new IllegalArgumentException("repeats is " + repeats + ", must be 0 to " + REPEATS_MAX);
    }
    List<Stage> whole = solver.stages(alphas);
    int each = solver.evaluationsPerStep();
    List<Stage> stages = new ArrayList<>();
    List<Action> actions = new ArrayList<>();
    for (int t = 0; t + 1 < alphas.length; t++) {
      List<Stage> step =
          repeats == 0
              ? whole.subList(t * each, (t + 1) * each)
              : solver.stages(new double[] {alphas[t], alphas[t + 1]});
      for (int pass = 0; pass <= repeats; pass++) {
        stages.addAll(step);
        for (int i = 1; i < each; i++) {
          actions.add(new Action.Continue());
        }
        actions.add(
            pass < repeats
                ? new Action.Repeat(alphas[t + 1], alphas[t])
                : new Action.Paste(alphas[t + 1]));
      }
    }
    return new Inpainting(stages, actions);
  }

  /**
   * Applies the action after a stage, in place.
   *
   * @param stage index of the stage that was just evaluated
   * @param x the row
   * @param x0 the row's noise, as long as x
   * @param known the image, as long as x
   * @param mask as long as x: 1 for generated, 0 for known, values between for a mixture
   * @param draws for jumps back
   * @return whether x was changed
   */
  public boolean apply(
      int stage, float[] x, float[] x0, float[] known, float[] mask, RandomStream draws) {
    Action action = actions.get(stage);
    if (action instanceof Action.Continue) {
      return false;
    }
    double alpha =
        action instanceof Action.Repeat repeat ? repeat.alpha() : ((Action.Paste) action).alpha();
    for (int k = 0; k < x.length; k++) {
      x[k] = (float) Iadb.blend(Iadb.blend(x0[k], known[k], alpha), x[k], mask[k]);
    }
    if (action instanceof Action.Repeat repeat) {
      double share = repeat.back() / alpha;
      double left = share * (1 - alpha);
      double filled = Math.sqrt((1 - repeat.back()) * (1 - repeat.back()) - left * left);
      for (int k = 0; k < x.length; k++) {
        x[k] = (float) (share * x[k] + filled * draws.gaussian());
      }
    }
    return true;
  }
}
