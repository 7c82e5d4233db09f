package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class StepPlacementTest {
  private static final double[] GRID = AlphaSchedule.UNIFORM.alphas(64);

  /** D = 0 up to α = ½, then a fast turn, where the steps should be. */
  private static final Field TURN =
      (x, alpha, d) -> {
        double turn = 1 / (1 + Math.exp(-40 * (alpha - 0.75)));
        d[0] = turn * x[1];
        d[1] = -3 * turn * x[0];
      };

  @Test
  void place_beatsUniformStepsOnItsField() {
    for (Solver solver : new Solver[] {Solver.EULER, Solver.AB2}) {
      double[] placed = placement(TURN).place(solver, 8);
      assertThat(placed).hasSize(9).isSorted().startsWith(0).endsWith(1);
      double before = Arrays.stream(placed).filter(alpha -> alpha < 0.5).count();
      assertThat(before).as("steps where nothing happens").isLessThanOrEqualTo(3);
      double uniform = error(solver.stages(AlphaSchedule.UNIFORM.alphas(8)));
      double own = error(solver.stages(placed));
      assertThat(own).as(solver.wireName()).isLessThan(0.6 * uniform);
      AlphaSchedule.listed(DoubleStream.of(placed).boxed().toList()); // a valid schedule
    }
  }

  @Test
  void place_asManyStepsAsTheGrid_returnsTheGrid() {
    assertThat(placement(TURN).place(Solver.EULER, 64)).containsExactly(GRID);
    assertThat(placement(TURN).place(Solver.EULER, 1)).containsExactly(0, 1);
  }

  @Test
  void place_otherSolversOrTooManySteps_throws() {
    StepPlacement placement = placement(TURN);
    assertThatIllegalArgumentException().isThrownBy(() -> placement.place(Solver.RK4, 4));
    assertThatIllegalArgumentException().isThrownBy(() -> placement.place(Solver.AB2, 65));
    assertThatIllegalArgumentException().isThrownBy(() -> placement.place(Solver.AB2, 0));
  }

  private static StepPlacement placement(Field field) {
    StepPlacement placement = new StepPlacement(GRID);
    for (double[] start : STARTS) {
      float[][] x = new float[GRID.length][];
      float[][] d = new float[GRID.length][];
      double[] at = start.clone();
      for (int i = 0; i < GRID.length; i++) {
        double[] direction = new double[2];
        field.direction(at, GRID[i], direction);
        x[i] = new float[] {(float) at[0], (float) at[1]};
        d[i] = new float[] {(float) direction[0], (float) direction[1]};
        if (i + 1 < GRID.length) {
          field.integrate(Solver.RK4.stages(new double[] {GRID[i], GRID[i + 1]}), at);
        }
      }
      placement.record(x, d);
    }
    return placement;
  }

  private static final List<double[]> STARTS =
      List.of(new double[] {1, 0}, new double[] {0, 1}, new double[] {0.7, -0.4});

  private static double error(List<Stage> stages) {
    double squares = 0;
    for (double[] start : STARTS) {
      double[] reference = start.clone();
      TURN.integrate(Solver.RK4.stages(AlphaSchedule.UNIFORM.alphas(512)), reference);
      double[] x = start.clone();
      TURN.integrate(stages, x);
      squares += Math.pow(x[0] - reference[0], 2) + Math.pow(x[1] - reference[1], 2);
    }
    return Math.sqrt(squares);
  }
}
