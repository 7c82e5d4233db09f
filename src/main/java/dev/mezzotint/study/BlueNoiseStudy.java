package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.BlueNoise;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Compares sampling from blue noise with sampling from white noise, on exact fields of the same
 * images: the error of few steps, each against its own reference. Both fields are followed in the
 * cosine basis, where blue noise has independent values and distances are the same.
 */
public final class BlueNoiseStudy {
  private static final int ROWS = 64;
  private static final int[] STEPS = {8, 16, 32, 64};
  private static final long SEED = 31;

  private BlueNoiseStudy() {}

  /**
   * @param images channels × side × side each
   */
  public static StudyResult run(float[][] images, int channels, int side, double smoothing) {
    BlueNoise noise = new BlueNoise(side, side);
    float[][] data = new float[images.length][];
    double[] blue = new double[channels * side * side];
    for (int i = 0; i < data.length; i++) {
      data[i] = coefficients(noise, images[i], side * side);
    }
    for (int k = 0; k < blue.length; k++) {
      blue[k] = noise.deviations()[k % (side * side)];
    }
    double[] white = new double[blue.length];
    Arrays.fill(white, 1);
    List<String> lines = new ArrayList<>();
    lines.add(
        images.length + " images, s = " + smoothing + ", ab2: root-mean-square error per value");
    lines.add(Table.head("steps", 8, 10, STEPS));
    lines.add(line("white", data, white, smoothing));
    lines.add(line("blue", data, blue, smoothing));
    return new StudyResult("blue-noise", lines, Map.of());
  }

  private static String line(String word, float[][] data, double[] deviations, double smoothing) {
    return Table.row(word, 8, "%10.5f", errors(data, deviations, smoothing));
  }

  /** For each number of steps. */
  private static double[] errors(float[][] data, double[] deviations, double smoothing) {
    SmoothedData field = new SmoothedData(data, smoothing, deviations);
    int values = deviations.length;
    double[] squares = new double[STEPS.length];
    for (int row = 0; row < ROWS; row++) {
      float[] start = new float[values];
      Noise.gaussian(SEED, row, start, 0, values);
      double[] reference = end(field, Solver.RK4, 64, start, deviations);
      for (int i = 0; i < STEPS.length; i++) {
        double[] end = end(field, Solver.AB2, STEPS[i], start, deviations);
        for (int k = 0; k < values; k++) {
          squares[i] += (end[k] - reference[k]) * (end[k] - reference[k]);
        }
      }
    }
    return Arrays.stream(squares).map(sum -> Math.sqrt(sum / ROWS / values)).toArray();
  }

  private static double[] end(
      SmoothedData field, Solver solver, int steps, float[] start, double[] deviations) {
    double[] x = new double[start.length];
    for (int k = 0; k < x.length; k++) {
      x[k] = deviations[k] * start[k];
    }
    field.integrate(solver.stages(AlphaSchedule.UNIFORM.alphas(steps)), x);
    return x;
  }

  private static float[] coefficients(BlueNoise noise, float[] image, int plane) {
    float[] all = new float[image.length];
    for (int at = 0; at < image.length; at += plane) {
      double[] pixels = new double[plane];
      for (int i = 0; i < plane; i++) {
        pixels[i] = image[at + i];
      }
      double[] coefficients = noise.coefficients(pixels);
      for (int i = 0; i < plane; i++) {
        all[at + i] = (float) coefficients[i];
      }
    }
    return all;
  }
}
