package dev.mezzotint.iadb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * An explicit solver of dx/dα = D(x, α), written as a list of {@link Stage stages}, so that the
 * step loop is independent of the solver. Steps may have any lengths and either sign.
 *
 * <p>h = α′ − α is the step's length, r = h / h₁ its ratio to the one before.
 */
public enum Solver {
  /** x ← x + h D. The paper's sampler, order 1. */
  EULER(1, 1) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      out.add(new Stage(alphas[t], length(alphas, t), 0, 0, 0));
    }
  },

  /** Evaluates the direction after half a step, then takes the whole step along it; order 2. */
  MIDPOINT(2, 2) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      double h = length(alphas, t);
      out.add(new Stage(alphas[t], h / 2, 0, 0, 0));
      out.add(new Stage(alphas[t] + h / 2, h, -h / 2, 0, 0));
    }
  },

  /** The mean of the directions at both ends of an Euler step; order 2. */
  HEUN(2, 2) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      double h = length(alphas, t);
      out.add(new Stage(alphas[t], h, 0, 0, 0));
      out.add(new Stage(alphas[t + 1], h / 2, -h / 2, 0, 0));
    }
  },

  /** The classical Runge-Kutta method, order 4; each stage undoes the trial step before it. */
  RK4(4, 4) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      double h = length(alphas, t);
      double middle = alphas[t] + h / 2;
      out.add(new Stage(alphas[t], h / 2, 0, 0, 0));
      out.add(new Stage(middle, h / 2, -h / 2, 0, 0));
      out.add(new Stage(middle, h, -h / 2, 0, 0));
      // x is start + h k3 here; the result is start + h (k1 + 2 k2 + 2 k3 + k4) / 6.
      out.add(new Stage(alphas[t + 1], h / 6, h / 3 - h, h / 3, h / 6));
    }
  },

  /**
   * Adams-Bashforth 2: extrapolates the line through the current and the previous direction over
   * the step; order 2 with one evaluation. The first step is an Euler step.
   */
  AB2(1, 2) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      if (t == 0) {
        EULER.step(alphas, t, out);
        return;
      }
      double h = length(alphas, t);
      double r = h / length(alphas, t - 1);
      out.add(new Stage(alphas[t], h * (1 + r / 2), -h * r / 2, 0, 0));
    }
  },

  /**
   * Adams-Bashforth 3: extrapolates the parabola through the last three directions; order 3 with
   * one evaluation.
   *
   * <p>The first step is an Euler step, whose error of order h² would limit the whole solver to
   * order 2. The second step, Adams-Bashforth 2, therefore also corrects it: adding h₁ (d − m1) / 2
   * turns the preceding Euler step into a Heun step, using directions that are known by then.
   */
  AB3(1, 3) {
    @Override
    void step(double[] alphas, int t, List<Stage> out) {
      if (t == 0) {
        EULER.step(alphas, t, out);
        return;
      }
      double h = length(alphas, t);
      double h1 = length(alphas, t - 1);
      double r = h / h1;
      if (t == 1) {
        double correction = h1 / 2;
        out.add(new Stage(alphas[t], h * (1 + r / 2) + correction, -h * r / 2 - correction, 0, 0));
        return;
      }
      // Integrals over [0, h] of the Lagrange polynomials of the nodes 0, −h1, −h12.
      double h2 = length(alphas, t - 2);
      double h12 = h1 + h2;
      double g0 = h * (1 + h * (h1 + h12) / (2 * h1 * h12) + h * h / (3 * h1 * h12));
      double g1 = -h * h * (h12 / 2 + h / 3) / (h1 * h2);
      double g2 = h * h * (h1 / 2 + h / 3) / (h12 * h2);
      out.add(new Stage(alphas[t], g0, g1, g2, 0));
    }
  };

  private final int evaluationsPerStep;
  private final int order;

  Solver(int evaluationsPerStep, int order) {
    this.evaluationsPerStep = evaluationsPerStep;
    this.order = order;
  }

  /** Appends the stages of step t, from alphas[t] to alphas[t + 1]. */
  abstract void step(double[] alphas, int t, List<Stage> out);

  /** The solver's name in requests and on the command line. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Network evaluations per step, which is the number of stages of each step. */
  public int evaluationsPerStep() {
    return evaluationsPerStep;
  }

  /** The order p: on a smooth field the error at the end is O(h^p). */
  public int order() {
    return order;
  }

  /**
   * The stages from alphas[0] to the last alpha, {@link #evaluationsPerStep} for each step.
   *
   * @param alphas at least two values, each different from the one before
   */
  public List<Stage> stages(double[] alphas) {
    if (alphas.length < 2) {
      throw new IllegalArgumentException("alphas must have at least two values");
    }
    List<Stage> stages = new ArrayList<>((alphas.length - 1) * evaluationsPerStep);
    for (int t = 0; t + 1 < alphas.length; t++) {
      // Also rejects NaN. After a step of length zero the next ratio r would divide by zero.
      if (!(Math.abs(length(alphas, t)) > 0)) {
        throw new IllegalArgumentException(
            "alpha must change in step " + t + ", it stays at " + alphas[t]);
      }
      step(alphas, t, stages);
    }
    return List.copyOf(stages);
  }

  /**
   * The solver of this wire name.
   *
   * @throws IllegalArgumentException listing the known names
   */
  public static Solver parse(String name) {
    for (Solver solver : values()) {
      if (solver.wireName().equals(name)) {
        return solver;
      }
    }
    String known = Arrays.stream(values()).map(Solver::wireName).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("unknown sampler '" + name + "': use one of " + known);
  }

  private static double length(double[] alphas, int t) {
    return alphas[t + 1] - alphas[t];
  }
}
