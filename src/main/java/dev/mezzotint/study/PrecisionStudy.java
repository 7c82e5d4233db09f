package dev.mezzotint.study;

import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Measures the effect of {@link Precision#BF16} on images: the distance between the ends of the
 * same starting points in float32 and in bfloat16, next to the change that twice the steps make in
 * float32. A rounding error below the solver's own is not worth avoiding.
 */
public final class PrecisionStudy {
  private static final double LEVELS_PER_UNIT = 127.5; // values of an image are −1 to 1

  private PrecisionStudy() {}

  /**
   * @param float32 the flow of the model in float32
   * @param bf16 the same in bfloat16
   * @param stages of its usual solver and steps
   * @param finer stages of the same solver and twice the steps
   * @param values of one image
   */
  public static StudyResult run(
      String model,
      SolverErrors.Flow float32,
      SolverErrors.Flow bf16,
      List<Stage> stages,
      List<Stage> finer,
      int rows,
      int values) {
    float[] x0 = SolverErrors.noise(rows, values);
    float[] exact = float32.ends(x0, stages);
    String line =
        "%s, %s images, %s evaluations, /255: bf16 moves %s; twice the steps move %s"
            .formatted(
                model,
                rows,
                stages.size(),
                change(exact, bf16.ends(x0, stages), rows),
                change(exact, float32.ends(x0, finer), rows));
    return new StudyResult("precision", List.of(line), Map.of());
  }

  /** The root-mean-square distance of each image, in grey levels: median and maximum. */
  private static String change(float[] a, float[] b, int rows) {
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
    return Table.text(
        "the median image by %.2f, the one that moves most by %.2f",
        distances[rows / 2], distances[rows - 1]);
  }
}
