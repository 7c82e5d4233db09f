package dev.mezzotint.study;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Field;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.plot.LineChart.Line;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Measures the distance of samplers from the end of the exact path, by evaluations of the network:
 * the root-mean-square error over fixed x0 against a converged reference.
 */
public final class SolverErrors {
  /** Fixed starting points. */
  public static final int ROWS = 64;

  private static final int REFERENCE_STEPS = 64; // of RK4: 256 evaluations
  private static final int[] EVALUATIONS = {8, 16, 32, 64, 128};
  private static final int[] COLOURS = {0xC53030, 0xB7791F, 0x2F855A, 0x6B46C1, 0x2B6CB0, 0x00838F};
  private static final long SEED = 12;

  /** Maps all starting points to their ends, rows × values. */
  @FunctionalInterface
  public interface Flow {
    float[] ends(float[] x0, List<Stage> stages);
  }

  private final Flow flow;
  private final float[] x0;
  private final float[] reference;

  /**
   * @param values of one point
   */
  public SolverErrors(Flow flow, int rows, int values) {
    this.flow = flow;
    this.x0 = noise(rows, values);
    this.reference =
        flow.ends(x0, Solver.RK4.stages(AlphaSchedule.UNIFORM.alphas(REFERENCE_STEPS)));
  }

  /** The fixed starting points, rows × values. */
  static float[] noise(int rows, int values) {
    float[] x0 = new float[rows * values];
    for (int row = 0; row < rows; row++) {
      Noise.gaussian(SEED, row, x0, row * values, values);
    }
    return x0;
  }

  /** The flow along a field, in double precision. */
  public static Flow along(Field field, int values) {
    return (x0, stages) -> {
      float[] ends = new float[x0.length];
      double[] x = new double[values];
      for (int row = 0; row < x0.length / values; row++) {
        for (int k = 0; k < values; k++) {
          x[k] = x0[row * values + k];
        }
        field.integrate(stages, x);
        for (int k = 0; k < values; k++) {
          ends[row * values + k] = (float) x[k];
        }
      }
      return ends;
    };
  }

  /**
   * The flow of a model, unguided.
   *
   * @param condition of the flow's rows, K×height×width each; empty when K = 0
   * @param classes of as many rows
   */
  public static Flow of(
      SamplingNetwork network, int height, int width, float[] condition, long[] classes) {
    return (x0, stages) ->
        UniformSampling.sample(
            network, stages, Optional.empty(), x0, condition, height, width, classes);
  }

  /** Root-mean-square distance per value from the reference. */
  public double error(Solver solver, AlphaSchedule schedule, int steps) {
    float[] ends = flow.ends(x0, solver.stages(schedule.alphas(steps)));
    double squares = 0;
    for (int i = 0; i < ends.length; i++) {
      double difference = ends[i] - (double) reference[i];
      squares += difference * difference;
    }
    return Math.sqrt(squares / ends.length);
  }

  /**
   * Errors of every solver at equal numbers of evaluations.
   *
   * @param tuned step placements of the model, measured too; may be empty
   */
  public StudyResult table(String title, String name, List<ModelCard.TunedSteps> tuned) {
    List<String> lines = new ArrayList<>();
    List<Line> curves = new ArrayList<>();
    lines.add(title + ", root-mean-square error per value");
    lines.add(Table.head("evaluations", 12, 10, EVALUATIONS));
    Map<Solver, double[]> measured = new EnumMap<>(Solver.class);
    for (Solver solver : Solver.values()) {
      double[] errors = new double[EVALUATIONS.length];
      for (int i = 0; i < errors.length; i++) {
        int steps = EVALUATIONS[i] / solver.evaluationsPerStep();
        // At half of the reference's own cost only Euler is compared.
        errors[i] =
            EVALUATIONS[i] < 128 || solver == Solver.EULER
                ? error(solver, AlphaSchedule.UNIFORM, steps)
                : Double.NaN;
      }
      measured.put(solver, errors);
      lines.add(Table.row(solver.wireName(), 12, "%10.5f", errors));
      double[] x = Arrays.stream(EVALUATIONS).asDoubleStream().toArray();
      curves.add(new Line(solver.wireName(), x, errors, COLOURS[solver.ordinal()], 2));
    }
    if (!tuned.isEmpty()) {
      double[] steps = new double[tuned.size()];
      double[] errors = new double[tuned.size()];
      for (int i = 0; i < steps.length; i++) {
        ModelCard.TunedSteps placed = tuned.get(i);
        steps[i] = placed.steps();
        errors[i] = error(placed.solver(), AlphaSchedule.listed(placed.alphas()), placed.steps());
        double uniform = error(placed.solver(), AlphaSchedule.UNIFORM, placed.steps());
        lines.add(
            Table.text(
                "%s in %d steps: uniform %.5f, tuned %.5f",
                placed.solver().wireName(), placed.steps(), uniform, errors[i]));
      }
      curves.add(new Line("tuned", steps, errors, 0x000000, 2));
    }
    double ab2 = Objects.requireNonNull(measured.get(Solver.AB2))[2];
    double euler = Objects.requireNonNull(measured.get(Solver.EULER))[4];
    lines.add(Table.text("ab2 at 32 evaluations / euler at 128: %.3f", ab2 / euler));
    lines.add(times());
    return StudyResult.charted(
        name, lines, name + ".png", title, "evaluations", "root-mean-square error", curves);
  }

  /** The time that a quarter of the evaluations takes: measured alternately, median of three. */
  private String times() {
    double[] ratio = new double[3];
    for (int i = 0; i < ratio.length; i++) {
      double ab2 = seconds(Solver.AB2, 32);
      ratio[i] = seconds(Solver.EULER, 128) / ab2;
    }
    Arrays.sort(ratio);
    return Table.text(
        "time of euler at 128 / ab2 at 32: %.2f (%.2f to %.2f)", ratio[1], ratio[0], ratio[2]);
  }

  private double seconds(Solver solver, int steps) {
    long start = System.nanoTime();
    flow.ends(x0, solver.stages(AlphaSchedule.UNIFORM.alphas(steps)));
    return (System.nanoTime() - start) / 1e9;
  }

  /**
   * Measures how far the images of each solver are from RK4's with the same steps, per value on the
   * scale where pixels are in [0, 1], in units of 1/255.
   *
   * @param rows images
   * @param values of one
   * @param alphas T + 1, of the T steps
   */
  public static StudyResult agreement(Flow flow, int rows, int values, double[] alphas) {
    float[] x0 = noise(rows, values);
    float[] reference = flow.ends(x0, Solver.RK4.stages(alphas));
    List<String> lines = new ArrayList<>();
    for (Solver solver : Solver.values()) {
      if (solver == Solver.RK4) {
        continue;
      }
      float[] ends = flow.ends(x0, solver.stages(alphas));
      double squares = 0;
      double largest = 0;
      for (int i = 0; i < ends.length; i++) {
        double difference = 255 * Math.abs(pixel(ends[i]) - pixel(reference[i]));
        squares += difference * difference / ends.length;
        largest = Math.max(largest, difference);
      }
      lines.add(
          Table.text(
              "%-10s at %d steps against rk4, in 1/255: root mean square %.3f, largest %.3f",
              solver.wireName(), alphas.length - 1, Math.sqrt(squares), largest));
    }
    return new StudyResult("agreement", lines, Map.of());
  }

  /** The value of a pixel in an image file, in [0, 1]. */
  private static double pixel(double x) {
    return Math.max(0, Math.min(1, x / 2 + 0.5));
  }
}
