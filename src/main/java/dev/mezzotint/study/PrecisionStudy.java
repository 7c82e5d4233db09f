package dev.mezzotint.study;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@link Precision#BF16} costs in pictures: ends of the same starting points, evaluated in
 * float32 and in bfloat16. Beside it the change that float32 makes with twice the steps: a rounding
 * error below the solver's own is not worth avoiding.
 */
public final class PrecisionStudy {
  private static final long SEED = 12;
  private static final double LEVELS_PER_UNIT = 127.5; // values of a picture are −1 to 1

  private PrecisionStudy() {}

  /**
   * @param float32 the flow of the model in float32
   * @param bf16 and in bfloat16
   * @param stages of its usual solver and steps
   * @param finer of the same solver and twice the steps
   * @param values of one picture
   */
  public static StudyResult run(
      String model,
      SolverErrors.Flow float32,
      SolverErrors.Flow bf16,
      List<Stage> stages,
      List<Stage> finer,
      int rows,
      int values) {
    float[] x0 = new float[rows * values];
    for (int row = 0; row < rows; row++) {
      Noise.gaussian(SEED, row, x0, row * values, values);
    }
    float[] exact = float32.ends(x0, stages);
    String line =
        String.format(
            Locale.ROOT,
            "%s, %d pictures, %d evaluations, /255: bf16 moves %s; twice the steps move %s",
            model,
            rows,
            stages.size(),
            moved(exact, bf16.ends(x0, stages), rows),
            moved(exact, float32.ends(x0, finer), rows));
    return new StudyResult("precision", List.of(line), Map.of());
  }

  /** Of each picture the root mean square over its values, in grey levels. */
  private static String moved(float[] a, float[] b, int rows) {
    int values = a.length / rows;
    double[] distances = new double[rows];
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int i = row * values; i < (row + 1) * values; i++) {
        double d = LEVELS_PER_UNIT * (a[i] - (double) b[i]);
        squares += d * d;
      }
      distances[row] = Math.sqrt(squares / values);
    }
    Arrays.sort(distances);
    return String.format(
        Locale.ROOT,
        "the median picture by %.2f, the one that moves most by %.2f",
        distances[rows / 2],
        distances[rows - 1]);
  }
}
