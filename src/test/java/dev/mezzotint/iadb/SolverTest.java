package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SolverTest {
  private static final Logger LOG = Logger.getLogger(SolverTest.class.getName());

  /** dx/dα = x cos α, so x(α) = x(0) exp(sin α): linear, depends on α. */
  private static final DoubleBinaryOperator LINEAR = (x, alpha) -> x * Math.cos(alpha);

  private static final DoubleUnaryOperator LINEAR_FROM_ONE = alpha -> Math.exp(Math.sin(alpha));

  /** dx/dα = (1 + α) x², so x(α) = 1 / (1/x(0) − α − α²/2): neither linear nor autonomous. */
  private static final DoubleBinaryOperator NONLINEAR = (x, alpha) -> (1 + alpha) * x * x;

  private static final DoubleUnaryOperator NONLINEAR_FROM_QUARTER =
      alpha -> 1 / (4 - alpha - alpha * alpha / 2);

  @ParameterizedTest
  @EnumSource(Solver.class)
  void error_fallsWithTheTheoreticalOrder(Solver solver) {
    for (AlphaSchedule schedule : List.of(AlphaSchedule.UNIFORM, AlphaSchedule.COSINE)) {
      double[] coarse = schedule.alphas(128);
      double[] fine = schedule.alphas(256);
      double linear = order(solver, coarse, fine, LINEAR, LINEAR_FROM_ONE);
      double nonlinear = order(solver, coarse, fine, NONLINEAR, NONLINEAR_FROM_QUARTER);
      LOG.info(
          String.format(
              "%s, %s: order %.3f linear, %.3f nonlinear",
              solver.wireName(), schedule, linear, nonlinear));
      assertThat(linear).as("%s linear", schedule).isCloseTo(solver.order(), within(0.1));
      assertThat(nonlinear).as("%s nonlinear", schedule).isCloseTo(solver.order(), within(0.1));
    }
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void error_backwards_fallsWithTheSameOrder(Solver solver) {
    for (AlphaSchedule schedule : List.of(AlphaSchedule.UNIFORM, AlphaSchedule.COSINE)) {
      double[] coarse = schedule.alphas(128, 1, 0);
      double[] fine = schedule.alphas(256, 1, 0);
      assertThat(order(solver, coarse, fine, LINEAR, LINEAR_FROM_ONE))
          .isCloseTo(solver.order(), within(0.1));
    }
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void aConstantFieldLandsOnX1(Solver solver) {
    double x0 = -0.3;
    double x1 = 0.8;
    for (int steps : new int[] {1, 2, 3, 7, 128}) {
      List<Stage> stages = solver.stages(AlphaSchedule.COSINE.alphas(steps));
      assertThat(solve(stages, (x, alpha) -> x1 - x0, x0)).isCloseTo(x1, within(1e-13));
    }
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void stages_ofEachStep_haveEvaluationCountAndLieWithinTheStep(Solver solver) {
    double[] alphas = AlphaSchedule.COSINE.alphas(9, 0.2, 1);
    List<Stage> stages = solver.stages(alphas);
    assertThat(stages).hasSize(9 * solver.evaluationsPerStep());
    for (int i = 0; i < stages.size(); i++) {
      int t = i / solver.evaluationsPerStep();
      assertThat(stages.get(i).alpha()).isBetween(alphas[t], alphas[t + 1]);
    }
  }

  @Test
  void adamsBashforth_uniformSteps_hasTextbookCoefficients() {
    double[] alphas = {0, 0.25, 0.5, 0.75, 1};
    Stage second = Solver.AB2.stages(alphas).get(3);
    assertThat(second.g0() / 0.25).isCloseTo(3.0 / 2, within(1e-14));
    assertThat(second.g1() / 0.25).isCloseTo(-1.0 / 2, within(1e-14));
    Stage third = Solver.AB3.stages(alphas).get(3);
    assertThat(third.g0() / 0.25).isCloseTo(23.0 / 12, within(1e-14));
    assertThat(third.g1() / 0.25).isCloseTo(-16.0 / 12, within(1e-14));
    assertThat(third.g2() / 0.25).isCloseTo(5.0 / 12, within(1e-14));
  }

  @Test
  void adamsBashforth_unevenSteps_isExactForPolynomialsOfItsOrder() {
    // From the second (AB2) and the third (AB3) step on; starting there skips the first steps.
    double[] alphas = {0, 0.1, 0.35, 0.4, 0.9, 1};
    double[] ab2 = quadrature(Solver.AB2, alphas, alpha -> 2 * alpha);
    double[] ab3 = quadrature(Solver.AB3, alphas, alpha -> 3 * alpha * alpha);
    for (int t = 0; t < 5; t++) {
      double h = alphas[t + 1];
      if (t >= 1) {
        assertThat(ab2[t]).isCloseTo(h * h - alphas[t] * alphas[t], within(1e-14));
      }
      if (t >= 2) {
        assertThat(ab3[t]).isCloseTo(Math.pow(h, 3) - Math.pow(alphas[t], 3), within(1e-14));
      }
    }
  }

  @Test
  void euler_stagesAreItsSteps() {
    assertThat(Solver.EULER.stages(new double[] {0, 0.25, 1}))
        .containsExactly(new Stage(0, 0.25, 0, 0, 0), new Stage(0.25, 0.75, 0, 0, 0));
  }

  @Test
  void parse_readsEverySolver_othersThrow() {
    for (Solver solver : Solver.values()) {
      assertThat(Solver.parse(solver.wireName())).isSameAs(solver);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Solver.parse("Euler"))
        .withMessage("unknown sampler 'Euler': use one of euler, midpoint, heun, rk4, ab2, ab3");
  }

  @Test
  void stages_zeroLengthStep_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Solver.AB2.stages(new double[] {0, 0.5, 0.5, 1}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Solver.AB2.stages(new double[] {0, Double.NaN}));
    assertThatIllegalArgumentException().isThrownBy(() -> Solver.EULER.stages(new double[] {0}));
  }

  private static double order(
      Solver solver,
      double[] coarse,
      double[] fine,
      DoubleBinaryOperator field,
      DoubleUnaryOperator solution) {
    double ratio = error(solver, coarse, field, solution) / error(solver, fine, field, solution);
    return Math.log(ratio) / Math.log(2);
  }

  /**
   * The largest error along the second half of the path: at a single point the leading terms may
   * cancel and suggest another order, and the first step of AB3 has a lower one.
   */
  private static double error(
      Solver solver, double[] alphas, DoubleBinaryOperator field, DoubleUnaryOperator solution) {
    List<Stage> stages = solver.stages(alphas);
    double x0 = solution.applyAsDouble(alphas[0]);
    double worst = 0;
    for (int t = alphas.length / 2; t < alphas.length; t++) {
      double x = solve(stages.subList(0, t * solver.evaluationsPerStep()), field, x0);
      worst = Math.max(worst, Math.abs(x - solution.applyAsDouble(alphas[t])));
    }
    return worst;
  }

  /** The contract of {@link Stage}, literally. */
  private static double solve(List<Stage> stages, DoubleBinaryOperator field, double start) {
    double x = start;
    double m1 = 0;
    double m2 = 0;
    double m3 = 0;
    for (Stage stage : stages) {
      double d = field.applyAsDouble(x, stage.alpha());
      x += stage.g0() * d + stage.g1() * m1 + stage.g2() * m2 + stage.g3() * m3;
      m3 = m2;
      m2 = m1;
      m1 = d;
    }
    return x;
  }

  /** The increment of each step of a one-stage solver for a field that depends on α only. */
  private static double[] quadrature(Solver solver, double[] alphas, DoubleUnaryOperator field) {
    List<Stage> stages = solver.stages(alphas);
    double[] added = new double[stages.size()];
    for (int t = 0; t < added.length; t++) {
      Stage stage = stages.get(t);
      added[t] = stage.g0() * field.applyAsDouble(stage.alpha());
      added[t] += t < 1 ? 0 : stage.g1() * field.applyAsDouble(alphas[t - 1]);
      added[t] += t < 2 ? 0 : stage.g2() * field.applyAsDouble(alphas[t - 2]);
    }
    return added;
  }
}
