package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.plot.LineChart.Line;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares the paper's four formulations when the network errs: it predicts the exact posterior
 * mean plus a fixed smooth error, and the distance of the samples from the data is measured. Only
 * the error of x1 − x0 is multiplied by the step size; the others are divided by a vanishing factor
 * or enter unscaled.
 */
public final class Stability {
  /** The rows of the paper's table. */
  public enum Formulation {
    X0("x0", 0xC53030),
    X1("x1", 0x2B6CB0),
    BOTH("x0 and x1, re-blended", 0x6B46C1),
    DIFFERENCE("x1 - x0", 0x2F855A);

    final String label;
    final int rgb;

    Formulation(String label, int rgb) {
      this.label = label;
      this.rgb = rgb;
    }
  }

  public static final int[] STEPS = {8, 16, 32, 64, 128, 256, 512};

  /** Amplitude of the error on the predicted quantity, whose own spread is about 1. */
  public static final double ERROR = 0.05;

  private static final float[][] MODES = {{-1f}, {1f}};
  private static final double SMOOTHING = 0.2;
  private static final int PARTICLES = 2000;

  private Stability() {}

  public static StudyResult run() {
    List<Line> curves = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    lines.add("1-Wasserstein distance to the data, error " + ERROR + " on what is predicted");
    lines.add(Table.head("steps", 24, 8, STEPS));
    for (Formulation formulation : Formulation.values()) {
      double[] distances =
          Arrays.stream(STEPS).mapToDouble(t -> distance(formulation, t)).toArray();
      double[] x = Arrays.stream(STEPS).asDoubleStream().toArray();
      curves.add(new Line(formulation.label, x, distances, formulation.rgb, 2));
      lines.add(Table.row(formulation.label, 24, "%8.3f", distances));
    }
    return StudyResult.charted(
        "stability",
        lines,
        "stability.png",
        "A network that errs by " + ERROR,
        "steps",
        "1-Wasserstein distance to the data",
        curves);
  }

  /** Distance from the data of what a formulation samples in T uniform steps. */
  public static double distance(Formulation formulation, int steps) {
    SmoothedData data = new SmoothedData(MODES, SMOOTHING);
    double[] alphas = AlphaSchedule.UNIFORM.alphas(steps);
    double[] ends = new double[PARTICLES];
    float[] noise = new float[PARTICLES];
    Noise.gaussian(1, 0, noise, 0, PARTICLES);
    for (int i = 0; i < PARTICLES; i++) {
      double x = noise[i];
      for (int t = 0; t < steps; t++) {
        x = step(formulation, data, x, alphas[t], alphas[t + 1]);
      }
      ends[i] = x;
    }
    return wasserstein(ends, target(PARTICLES));
  }

  /** The paper's formulas; the first step of x0, undefined at α = 0, is that of the difference. */
  private static double step(
      Formulation formulation, SmoothedData data, double x, double alpha, double next) {
    double[] x0 = new double[1];
    double[] x1 = new double[1];
    data.means(new double[] {x}, alpha, x0, x1);
    double error = error(x, alpha);
    double direction =
        switch (formulation) {
          case X0 ->
              alpha == 0
                  ? Iadb.direction(x0[0], x1[0]) + error
                  : Iadb.directionFrom(Prediction.X0, x, x0[0] + error, alpha);
          case X1 -> Iadb.directionFrom(Prediction.X1, x, x1[0] + error, alpha);
          case BOTH -> 0; // no direction: both ends are blended again
          case DIFFERENCE -> Iadb.direction(x0[0], x1[0]) + error;
        };
    return formulation == Formulation.BOTH
        ? Iadb.blend(x0[0] + error, x1[0] + error(-x, alpha), next)
        : Iadb.step(x, direction, alpha, next);
  }

  /** Smooth in x and α, like a network's error, and of both signs. */
  private static double error(double x, double alpha) {
    return ERROR * Math.sqrt(2) * Math.sin(3 * x + 5 * alpha + 1);
  }

  private static double[] target(int n) {
    double[] target = new double[n];
    RandomStream draws = new RandomStream(2, 0);
    for (int i = 0; i < n; i++) {
      target[i] = MODES[i % MODES.length][0] + SMOOTHING * draws.gaussian();
    }
    return target;
  }

  /** In one dimension the optimal pairing is by rank. */
  private static double wasserstein(double[] a, double[] b) {
    Arrays.sort(a);
    Arrays.sort(b);
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum / a.length;
  }
}
