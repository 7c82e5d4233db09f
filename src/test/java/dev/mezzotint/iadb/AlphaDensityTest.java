package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compares each density with its distribution function in closed form. */
class AlphaDensityTest {
  private static final int DRAWS = 20_000;

  private static double[] draws(String word) {
    AlphaDensity density = AlphaDensity.parse(word);
    return IntStream.range(0, DRAWS).mapToDouble(i -> density.alpha(7, i)).sorted().toArray();
  }

  /** The share of draws below a value. */
  private static double below(double[] sorted, double value) {
    return (double) Arrays.stream(sorted).filter(alpha -> alpha < value).count() / sorted.length;
  }

  @Test
  void uniform_isUniform() {
    double[] alphas = draws("uniform");
    for (double x = 0.1; x < 1; x += 0.1) {
      assertThat(below(alphas, x)).isCloseTo(x, within(0.015));
    }
  }

  @Test
  void logitNormal_hasNormalQuantilesOfItsLogit() {
    double[] alphas = draws("logit-normal:0.5,1.5");
    // Φ(0) = 0.5, Φ(1) = 0.8413, Φ(−1) = 0.1587
    assertThat(below(alphas, sigmoid(0.5))).isCloseTo(0.5, within(0.015));
    assertThat(below(alphas, sigmoid(2.0))).isCloseTo(0.8413, within(0.015));
    assertThat(below(alphas, sigmoid(-1.0))).isCloseTo(0.1587, within(0.015));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void mode_isSymmetricAndFavoursMiddleOrEnds() {
    // At u = 1/4: 1 − u − s·(cos²(π/8) − 3/4), so a quarter of the draws lies above that.
    double above = 0.75 - 1.29 * (Math.pow(Math.cos(Math.PI / 8), 2) - 0.75);
    assertThat(1 - below(draws("mode:1.29"), above)).isCloseTo(0.25, within(0.015));
    assertThat(below(draws("mode"), 0.5)).isCloseTo(0.5, within(0.015));
    assertThat(below(draws("mode:-1"), 0.1)).isGreaterThan(0.12);
    assertThat(below(draws("mode:1.29"), 0.1)).isLessThan(0.08);
  }

  @Test
  void uShaped_hasTheHyperbolicSineDistribution() {
    double[] alphas = draws("u-shaped:4");
    for (double x : new double[] {0.05, 0.2, 0.5, 0.9}) {
      double expected = (Math.sinh(4 * (2 * x - 1)) / Math.sinh(4) + 1) / 2;
      assertThat(below(alphas, x)).isCloseTo(expected, within(0.015));
    }
  }

  @Test
  void alpha_isInZeroToOneExclusive() {
    for (String word : new String[] {"logit-normal:10,10", "mode:-1", "u-shaped:20", "uniform"}) {
      double[] alphas = draws(word);
      assertThat(alphas[0]).as(word).isNotNegative();
      assertThat((float) alphas[DRAWS - 1]).as(word).isLessThan(1);
    }
  }

  @Test
  void parse_readsWireName() {
    for (String word :
        new String[] {"uniform", "logit-normal:0.0,1.0", "mode:1.29", "u-shaped:4.0"}) {
      assertThat(AlphaDensity.parse(word).wireName()).isEqualTo(word);
    }
    assertThat(AlphaDensity.parse("logit-normal").wireName()).isEqualTo("logit-normal:0.0,1.0");
  }

  @Test
  void parse_unknownNamesAndNumbers_throws() {
    for (String word :
        new String[] {
          "",
          "normal",
          "uniform:1",
          "logit-normal:1",
          "logit-normal:0,0",
          "mode:2",
          "mode:x",
          "u-shaped:0",
          "u-shaped:NaN",
          "mode:"
        }) {
      assertThatThrownBy(() -> AlphaDensity.parse(word))
          .as(word)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
