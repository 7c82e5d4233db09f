package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import java.util.List;
import java.util.Map;

/** The round trip of images to x0, with the stages run backwards, and back. */
public final class Inversion {
  private Inversion() {}

  /**
   * @param images rows × values in [−1, 1]
   * @return mean absolute error per value, on the scale where pixels are in [0, 1]
   */
  public static double roundTrip(
      SamplingNetwork network, float[] images, int rows, int height, int width, int steps) {
    float[] x0 =
        UniformSampling.sample(
            network,
            Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(steps, 1, 0)),
            images,
            height,
            width,
            new long[rows]);
    float[] back =
        UniformSampling.sample(
            network,
            Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(steps)),
            x0,
            height,
            width,
            new long[rows]);
    double sum = 0;
    for (int i = 0; i < back.length; i++) {
      sum += Math.abs(back[i] - (double) images[i]) / 2;
    }
    return sum / back.length;
  }

  public static StudyResult result(int images, int steps, double error) {
    return new StudyResult(
        "inversion",
        List.of(
            Table.text(
                "%d images to x0 and back, ab2, %d steps each way: mean absolute error %.6f, that"
                    + " is %.3f/255",
                images, steps, error, error * 255)),
        Map.of());
  }
}
