package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Assignment;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import java.util.List;
import java.util.Map;

/**
 * The exact 1-Wasserstein distance between sampled and real points for models of the plane, with
 * the distance between two sets of real points as the floor.
 */
public final class PlaneDistance {
  public static final int POINTS = 2048;
  public static final int SEEDS = 5;

  private static final int STEPS = 64;

  /** Means over the seeds. */
  public record Distances(double model, double floor) {
    public double ratio() {
      return model / floor;
    }
  }

  private PlaneDistance() {}

  public static Distances measure(SamplingNetwork network, Density p0, Density p1) {
    double model = 0;
    double floor = 0;
    List<Stage> stages = Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(STEPS));
    for (int seed = 0; seed < SEEDS; seed++) {
      double[][] real = draw(p1, 100 + seed);
      double[][] sampled = sample(network, stages, draw(p0, 200 + seed));
      model += Assignment.wasserstein1(sampled, real) / SEEDS;
      floor += Assignment.wasserstein1(draw(p1, 300 + seed), real) / SEEDS;
    }
    return new Distances(model, floor);
  }

  public static StudyResult result(String name, Distances distances) {
    return new StudyResult(
        "plane",
        List.of(
            Table.text(
                "%s: 1-Wasserstein distance %.4f, real against real %.4f, ratio %.3f (%d points, %d"
                    + " seeds)",
                name, distances.model(), distances.floor(), distances.ratio(), POINTS, SEEDS)),
        Map.of());
  }

  private static double[][] draw(Density density, int seed) {
    double[][] points = new double[POINTS][2];
    for (int i = 0; i < POINTS; i++) {
      density.draw(new RandomStream(seed, i), points[i]);
    }
    return points;
  }

  private static double[][] sample(SamplingNetwork network, List<Stage> stages, double[][] points) {
    float[] x0 = new float[2 * points.length];
    for (int i = 0; i < x0.length; i++) {
      x0[i] = (float) points[i / 2][i % 2];
    }
    float[] x1 = UniformSampling.sample(network, stages, x0, 1, 1, new long[points.length]);
    double[][] ends = new double[points.length][2];
    for (int i = 0; i < x1.length; i++) {
      ends[i / 2][i % 2] = x1[i];
    }
    return ends;
  }
}
