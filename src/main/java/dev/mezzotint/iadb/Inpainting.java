package dev.mezzotint.iadb;

import java.util.ArrayList;
import java.util.List;

/**
 * Sampling with some pixels known: after every step these are put back onto their own straight
 * line, and the step may be repeated from where it began, so that what is painted anew and what is
 * known find together.
 *
 * <pre>
 *   paste       x ← m x + (1 − m) ((1 − α) x0 + α x1),   x1 the known picture, x0 the row's own noise
 *   jump back   x ← (α/α′) x + √((1 − α)² − (α/α′)² (1 − α′)²) z,   z ~ N(0, I), α &lt; α′
 * </pre>
 *
 * The jump keeps the density of blends at α: of x = (1 − α′) x0 + α′ x1 it leaves α x1, and noise
 * of variance (α/α′)² (1 − α′)², which z fills up to (1 − α)². At α = 1 known pixels are the
 * picture's own, exactly. Immutable, safe for use by many threads.
 *
 * @param stages of the whole way, repeated steps included
 * @param actions what follows stage i, for every i
 */
public record Inpainting(List<Stage> stages, List<Action> actions) {
  /** Repetitions of each step. */
  public static final int REPEATS_MAX = 16;

  /** What follows a stage. */
  public sealed interface Action {
    /** Nothing: the step is not over. */
    record Continue() implements Action {}

    /** Known pixels are put back. */
    record Paste(double alpha) implements Action {}

    /** Known pixels are put back, and the step begins again. */
    record Repeat(double alpha, double back) implements Action {}
  }

  public Inpainting {
    stages = List.copyOf(stages);
    actions = List.copyOf(actions);
  }

  /**
   * @param alphas rising to 1
   * @param repeats how often each step is repeated, 0 to {@link #REPEATS_MAX}; a solver with memory
   *     then takes single steps, for what it remembers lies on another path
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
      for (int turn = 0; turn <= repeats; turn++) {
        stages.addAll(step);
        for (int i = 1; i < each; i++) {
          actions.add(new Action.Continue());
        }
        actions.add(
            turn < repeats
                ? new Action.Repeat(alphas[t + 1], alphas[t])
                : new Action.Paste(alphas[t + 1]));
      }
    }
    return new Inpainting(stages, actions);
  }

  /**
   * Does what follows a stage, in place.
   *
   * @param stage index of the stage that x has just passed
   * @param x the row
   * @param x0 its noise, as long as x
   * @param known the picture, likewise
   * @param mask one share per value: 1 is painted anew, 0 is known
   * @param draws for jumps back
   * @return false where x stays as it is
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
