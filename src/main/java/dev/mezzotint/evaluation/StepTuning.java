package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.iadb.StepPlacement;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import java.util.Arrays;
import java.util.List;

/** Records a model's trajectories on a fine grid of α, for the placement of steps. */
public final class StepTuning {
  public static final int GRID = 128;

  /** Trajectories over which the placement is optimal on average. */
  public static final int TRAJECTORIES = 16;

  private static final long SEED = 0x74756e65L;

  private StepTuning() {}

  /**
   * Records trajectories from fixed Gaussian noise, by AB2 on the grid.
   *
   * @param values C×height×width
   * @param condition of {@link #TRAJECTORIES} rows, K×height×width each; empty when K = 0
   * @param classes of as many rows
   */
  public static StepPlacement record(
      SamplingNetwork network,
      int height,
      int width,
      int values,
      float[] condition,
      long[] classes) {
    double[] alphas = AlphaSchedule.UNIFORM.alphas(GRID);
    List<Stage> stages = Solver.AB2.stages(alphas);
    int rows = TRAJECTORIES;
    float[][] x = new float[GRID + 1][];
    float[][] d = new float[GRID + 1][];
    x[0] = new float[rows * values];
    for (int row = 0; row < rows; row++) {
      Noise.gaussian(SEED, row, x[0], row * values, values);
    }
    try (Slots slots = network.slots(rows, height, width)) {
      for (int t = 0; t <= GRID; t++) {
        d[t] = direction(slots, x[t], alphas[t], condition, classes);
        if (t < GRID) {
          Stage stage = stages.get(t);
          float[] before = d[Math.max(0, t - 1)];
          x[t + 1] = new float[x[t].length];
          for (int i = 0; i < x[t].length; i++) {
            x[t + 1][i] = (float) (x[t][i] + stage.g0() * d[t][i] + stage.g1() * before[i]);
          }
        }
      }
    }
    StepPlacement placement = new StepPlacement(alphas);
    for (int row = 0; row < rows; row++) {
      placement.record(part(x, row, values), part(d, row, values));
    }
    return placement;
  }

  /** The direction D of all rows: a stage that adds it once to x, less x. */
  private static float[] direction(
      Slots slots, float[] x, double alpha, float[] condition, long[] classes) {
    int rows = classes.length;
    long[] all = new long[rows];
    float[] alphas = new float[rows];
    float[] once = new float[4 * rows];
    for (int row = 0; row < rows; row++) {
      all[row] = row;
      alphas[row] = (float) alpha;
      once[4 * row] = 1;
    }
    slots.put(all, x, condition);
    slots.step(all, alphas, once, classes);
    float[] d = slots.take(all);
    for (int i = 0; i < d.length; i++) {
      d[i] -= x[i];
    }
    return d;
  }

  private static float[][] part(float[][] all, int row, int values) {
    return Arrays.stream(all)
        .map(point -> Arrays.copyOfRange(point, row * values, (row + 1) * values))
        .toArray(float[][]::new);
  }
}
