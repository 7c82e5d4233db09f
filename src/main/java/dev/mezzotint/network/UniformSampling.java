package dev.mezzotint.network;

import dev.mezzotint.iadb.Stage;
import java.util.Arrays;
import java.util.List;

/**
 * Rows that all take the same stages together, from x0 to the end: for previews and measurements.
 * The worker's rows each have stages of their own ({@code generation.StepLoop}).
 */
public final class UniformSampling {
  private UniformSampling() {}

  /**
   * @param x0 N×C×height×width
   * @param classes N class labels
   * @return N×C×height×width, not clamped
   */
  public static float[] sample(
      SamplingNetwork network,
      List<Stage> stages,
      float[] x0,
      int height,
      int width,
      long[] classes) {
    return sample(network, stages, x0, new float[0], height, width, classes);
  }

  /**
   * @param x0 N×C×height×width
   * @param condition N×K×height×width; empty when K = 0
   * @param classes N class labels
   * @return N×C×height×width, not clamped
   */
  public static float[] sample(
      SamplingNetwork network,
      List<Stage> stages,
      float[] x0,
      float[] condition,
      int height,
      int width,
      long[] classes) {
    int rows = classes.length;
    long[] slots = new long[rows];
    Arrays.setAll(slots, i -> i);
    float[] alpha = new float[rows];
    float[] coefficients = new float[4 * rows];
    try (SamplingNetwork.Slots resident = network.slots(rows, height, width)) {
      resident.put(slots, x0, condition);
      for (Stage stage : stages) {
        Arrays.fill(alpha, (float) stage.alpha());
        for (int row = 0; row < rows; row++) {
          coefficients[4 * row] = (float) stage.g0();
          coefficients[4 * row + 1] = (float) stage.g1();
          coefficients[4 * row + 2] = (float) stage.g2();
          coefficients[4 * row + 3] = (float) stage.g3();
        }
        resident.step(slots, alpha, coefficients, classes);
      }
      return resident.take(slots);
    }
  }
}
