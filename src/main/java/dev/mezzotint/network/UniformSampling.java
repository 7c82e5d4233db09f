package dev.mezzotint.network;

import dev.mezzotint.iadb.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Samples rows that all take the same stages, for previews and measurements. In the worker each row
 * has its own stages ({@code sampling.StepLoop}).
 */
public final class UniformSampling {
  private UniformSampling() {}

  /**
   * Samples without guidance and conditions.
   *
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
    return sample(network, stages, Optional.empty(), x0, new float[0], height, width, classes);
  }

  /**
   * Samples all rows to the last stage.
   *
   * @param guided empty for no guidance
   * @param x0 N×C×height×width
   * @param condition N×K×height×width; empty when K = 0
   * @param classes N class labels
   * @return N×C×height×width, not clamped
   */
  public static float[] sample(
      SamplingNetwork network,
      List<Stage> stages,
      Optional<UniformGuidance> guided,
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
      for (int i = 0; i < stages.size(); i++) {
        Stage stage = stages.get(i);
        Arrays.fill(alpha, (float) stage.alpha());
        for (int row = 0; row < rows; row++) {
          coefficients[4 * row] = (float) stage.g0();
          coefficients[4 * row + 1] = (float) stage.g1();
          coefficients[4 * row + 2] = (float) stage.g2();
          coefficients[4 * row + 3] = (float) stage.g3();
        }
        if (guided.isPresent() && guided.get().guidance().guides()) {
          guidedStep(resident, guided.get(), slots, alpha, coefficients, classes);
        } else {
          resident.step(slots, alpha, coefficients, classes);
        }
      }
      return resident.take(slots);
    }
  }

  private static void guidedStep(
      SamplingNetwork.Slots resident,
      UniformGuidance guided,
      long[] slots,
      float[] alpha,
      float[] coefficients,
      long[] classes) {
    float[] weights = new float[slots.length];
    Arrays.fill(weights, (float) guided.guidance().weight());
    boolean[] zeroStar = new boolean[slots.length];
    Arrays.fill(zeroStar, guided.guidance().zeroStar());
    resident.guidedStep(
        slots, alpha, coefficients, classes, weights, zeroStar, guided.unconditional());
  }
}
