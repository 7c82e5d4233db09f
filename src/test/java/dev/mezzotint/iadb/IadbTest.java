package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IadbTest {
  private static final Offset<Float> CLOSE = within(2e-6f);

  private final float[] x0 = noise(0);
  private final float[] x1 = noise(1);
  private final float[] blend = new float[x0.length];
  private final float[] direction = new float[x0.length];
  private final float[] out = new float[x0.length];

  @Test
  void blendIsX0AtZeroAndX1AtOne() {
    Iadb.blend(x0, x1, 0, out);
    assertThat(out).containsExactly(x0);
    Iadb.blend(x0, x1, 1, out);
    assertThat(out).containsExactly(x1);
    float[] quarter = new float[1];
    Iadb.blend(new float[] {-1}, new float[] {1}, 0.25, quarter);
    assertThat(quarter).containsExactly(-0.5f);
  }

  @Test
  void oneStepAlongTheTrueDirectionMovesAlongTheBlend() {
    Iadb.direction(x0, x1, direction);
    Iadb.blend(x0, x1, 0.3, blend);
    Iadb.step(blend, direction, 0.3, 0.8);
    Iadb.blend(x0, x1, 0.8, out);
    assertThat(blend).containsExactly(out, CLOSE);
  }

  @Test
  void deblendingFindsBothEnds() {
    Iadb.direction(x0, x1, direction);
    for (double alpha : new double[] {0, 0.37, 1}) {
      Iadb.blend(x0, x1, alpha, blend);
      Iadb.x0FromDirection(blend, direction, alpha, out);
      assertThat(out).containsExactly(x0, CLOSE);
      Iadb.x1FromDirection(blend, direction, alpha, out);
      assertThat(out).containsExactly(x1, CLOSE);
    }
  }

  @ParameterizedTest
  @EnumSource(Prediction.class)
  void everyPredictionStandsForTheSameDirection(Prediction prediction) {
    double alpha = 0.4;
    Iadb.direction(x0, x1, direction);
    Iadb.blend(x0, x1, alpha, blend);
    float[] output =
        switch (prediction) {
          case DIRECTION -> direction;
          case X0, EPSILON -> x0;
          case X1 -> x1;
        };
    Iadb.directionFrom(prediction, blend, output, alpha, out);
    assertThat(out).containsExactly(direction, CLOSE);
  }

  @Test
  void singularEndsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.X0, x0, x0, 0, out))
        .withMessage("a prediction of x0 has no direction at alpha 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.EPSILON, x0, x0, 0, out));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Iadb.directionFrom(Prediction.X1, x1, x1, 1, out));
    Iadb.directionFrom(Prediction.X1, x1, x1, 0, out);
    Iadb.directionFrom(Prediction.X0, x0, x0, 1, out);
  }

  @Test
  void ddpmsNoisyPictureIsTheScaledBlend() {
    for (double alphaBar : new double[] {4e-5, 0.1, 0.5, 0.9999}) {
      double alpha = Iadb.alphaFromAlphaBar(alphaBar);
      Iadb.blend(x0, x1, alpha, blend);
      double scale = Iadb.ddpmScale(alpha);
      for (int i = 0; i < x0.length; i++) {
        double xt = Math.sqrt(alphaBar) * x1[i] + Math.sqrt(1 - alphaBar) * x0[i];
        assertThat(scale * blend[i]).isCloseTo(xt, within(1e-6));
      }
      assertThat(Iadb.alphaBar(alpha)).isCloseTo(alphaBar, within(1e-12));
    }
    // The last step of the 1000-step linear schedule: alpha starts near 0.006, not at 0.
    assertThat(Iadb.alphaFromAlphaBar(4.0358e-5)).isCloseTo(0.0063, within(5e-5));
  }

  @Test
  void unequalLengthsAreRefused() {
    float[] shorter = new float[x0.length - 1];
    assertThatIllegalArgumentException().isThrownBy(() -> Iadb.blend(x0, shorter, 0.5, out));
    assertThatIllegalArgumentException().isThrownBy(() -> Iadb.direction(x0, x1, shorter));
    assertThatIllegalArgumentException().isThrownBy(() -> Iadb.step(shorter, x0, 0, 1));
  }

  @Test
  void wordsNameThePredictions() {
    for (Prediction prediction : Prediction.values()) {
      assertThat(Prediction.parse(prediction.word())).isSameAs(prediction);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> Prediction.parse("v"));
  }

  private static float[] noise(int index) {
    float[] values = new float[64];
    Noise.gaussian(17, index, values, 0, values.length);
    return values;
  }
}
