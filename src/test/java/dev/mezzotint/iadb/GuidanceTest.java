package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GuidanceTest {
  private static final float[] WITH = {1, 2};
  private static final float[] WITHOUT = {2, 1};

  private static float[] apply(double weight, boolean zeroStar) {
    float[] guided = new float[2];
    new Guidance(weight, zeroStar).apply(WITH, WITHOUT, guided);
    return guided;
  }

  @Test
  void weightOne_isNoGuidanceAndSkipsNoStep() {
    assertThat(apply(1, false)).containsExactly(WITH);
    assertThat(apply(1, true)).containsExactly(WITH);
    assertThat(new Guidance(1, true).activeAlphas(AlphaSchedule.UNIFORM.alphas(100))).hasSize(101);
  }

  @Test
  void plainGuidance_extrapolatesTheConditionalDirection() {
    assertThat(apply(3, false)).containsExactly(-1, 4);
    assertThat(apply(0, false)).containsExactly(WITHOUT);
  }

  @Test
  void zeroStar_scalesUnconditionalDirectionAndSkipsFirstSteps() {
    // s = (1·2 + 2·1) / (4 + 1) = 0.8
    assertThat(apply(3, true)).containsExactly(new float[] {-0.2f, 4.4f}, within(1e-6f));
    Guidance guidance = new Guidance(3, true);
    double[] alphas = AlphaSchedule.UNIFORM.alphas(50);
    assertThat(guidance.activeAlphas(alphas)).hasSize(49).startsWith(0.04).endsWith(1);
    assertThat(new Guidance(3, false).activeAlphas(alphas)).isEqualTo(alphas);
    assertThat(guidance.activeAlphas(new double[] {0, 1})).containsExactly(0, 1);
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void everySolver_crossesTheRemainingStepsOfAConstantField(Solver solver) {
    double[] walked = new Guidance(3, true).activeAlphas(AlphaSchedule.UNIFORM.alphas(25));
    double[] x = {0};
    Field constant = (at, alpha, direction) -> direction[0] = 1;
    constant.integrate(solver.stages(walked), x);
    assertThat(x[0]).isCloseTo(24 / 25.0, within(1e-12));
  }

  @Test
  void constructor_weightOutOfRange_throws() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(-0.1, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(Double.NaN, false));
    assertThatIllegalArgumentException().isThrownBy(() -> new Guidance(101, false));
  }
}
