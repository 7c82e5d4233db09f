package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IadbTest {
  private static final Offset<Double> CLOSE = within(1e-14);
  private static final double X0 = -0.83;
  private static final double X1 = 0.41;
  private static final double D = Iadb.direction(X0, X1);

  @Test
  void blend_isX0AtZeroAndX1AtOne() {
    assertThat(Iadb.blend(X0, X1, 0)).isEqualTo(X0);
    assertThat(Iadb.blend(X0, X1, 1)).isEqualTo(X1);
    assertThat(Iadb.blend(-1, 1, 0.25)).isEqualTo(-0.5);
  }

  @Test
  void step_alongTheTrueDirection_staysOnTheBlend() {
    double stepped = Iadb.step(Iadb.blend(X0, X1, 0.3), D, 0.3, 0.8);
    assertThat(stepped).isCloseTo(Iadb.blend(X0, X1, 0.8), CLOSE);
  }

  @Test
  void endpoints_areReadFromTheDirection() {
    for (double alpha : new double[] {0, 0.37, 1}) {
      double blend = Iadb.blend(X0, X1, alpha);
      assertThat(Iadb.x0FromDirection(blend, D, alpha)).isCloseTo(X0, CLOSE);
      assertThat(Iadb.x1FromDirection(blend, D, alpha)).isCloseTo(X1, CLOSE);
    }
  }

  @Test
  void blend_canBeSolvedForEitherEnd() {
    double[] blend = new double[2];
    double[] x0 = {X0, 2};
    double[] x1 = {X1, -3};
    Iadb.blend(x0, x1, 0.37, blend);
    double[] solved = new double[2];
    Iadb.x0FromBlend(blend, x1, 0.37, solved);
    assertThat(solved).containsExactly(x0, CLOSE);
    Iadb.x1FromBlend(blend, x0, 0.37, solved);
    assertThat(solved).containsExactly(x1, CLOSE);
  }

  @ParameterizedTest
  @EnumSource(Prediction.class)
  void directionFrom_everyPrediction_givesTheSameDirection(Prediction prediction) {
    double alpha = 0.4;
    double output =
        switch (prediction) {
          case DIRECTION -> D;
          case X0, EPSILON -> X0;
          case X1 -> X1;
        };
    double blend = Iadb.blend(X0, X1, alpha);
    assertThat(Iadb.directionFrom(prediction, blend, output, alpha)).isCloseTo(D, CLOSE);
  }

  @Test
  void directionFrom_singularEnd_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.X0, X0, X0, 0))
        .withMessage("a prediction of x0 has no direction at alpha 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.EPSILON, X0, X0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.X1, X1, X1, 1));
    assertThat(Iadb.directionFrom(Prediction.X1, X0, X1, 0)).isCloseTo(D, CLOSE);
    assertThat(Iadb.directionFrom(Prediction.X0, X1, X0, 1)).isCloseTo(D, CLOSE);
  }

  @Test
  void regularAlpha_keepsAwayFromSingularEnds() {
    assertThat(Iadb.regularAlpha(Prediction.DIRECTION, 0)).isZero();
    assertThat(Iadb.regularAlpha(Prediction.X0, 0)).isEqualTo(0.01);
    assertThat(Iadb.regularAlpha(Prediction.X0, 1)).isEqualTo(1);
    assertThat(Iadb.regularAlpha(Prediction.X1, 1)).isEqualTo(0.99);
    assertThat(Iadb.regularAlpha(Prediction.X1, 0.3)).isEqualTo(0.3);
  }

  @Test
  void ddpmNoisyImage_isTheScaledBlend() {
    for (double alphaBar : new double[] {4e-5, 0.1, 0.5, 0.9999}) {
      double alpha = Iadb.alphaFromAlphaBar(alphaBar);
      double xt = Math.sqrt(alphaBar) * X1 + Math.sqrt(1 - alphaBar) * X0;
      assertThat(Iadb.ddpmScale(alpha) * Iadb.blend(X0, X1, alpha)).isCloseTo(xt, CLOSE);
      assertThat(Iadb.alphaBar(alpha)).isCloseTo(alphaBar, within(1e-12));
    }
    // The last step of the 1000-step linear schedule: alpha starts near 0.006, not at 0.
    assertThat(Iadb.alphaFromAlphaBar(4.0358e-5)).isCloseTo(0.0063, within(5e-5));
  }

  @Test
  void parse_readsEveryPrediction() {
    for (Prediction prediction : Prediction.values()) {
      assertThat(Prediction.parse(prediction.wireName())).isSameAs(prediction);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> Prediction.parse("v"));
  }
}
