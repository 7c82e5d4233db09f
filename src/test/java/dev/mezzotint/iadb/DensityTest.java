package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DensityTest {
  private static final int DRAWS = 20_000;

  /** Means and second moments in closed form; five standard errors. */
  @Test
  void draws_haveTheMomentsOfTheDensity() {
    Map<Density, double[]> moments = // mean of y, mean of y²
        Map.of(
            new Density.Gaussian(2, 0.5, 2),
            new double[] {0.5, 4.25},
            new Density.Uniform(2, -1, 3),
            new double[] {1, 7.0 / 3},
            // A triangle's second moment about its centre is the corners' sum of squares / 12.
            Density.triangle(),
            new double[] {0, 1.5 / 12},
            Density.square(),
            new double[] {0, 0.75 * 0.75 / 3},
            new Density.Data(new float[][] {{0, 1}, {0, 3}}),
            new double[] {2, 5});
    moments.forEach(
        (density, expected) -> {
          double mean = 0;
          double squares = 0;
          double[] x = new double[2];
          for (int i = 0; i < DRAWS; i++) {
            density.draw(new RandomStream(3, i), x);
            mean += x[1] / DRAWS;
            squares += x[1] * x[1] / DRAWS;
          }
          double deviation = Math.sqrt(expected[1] - expected[0] * expected[0]);
          double error = 5 * deviation / Math.sqrt(DRAWS);
          assertThat(mean).as("%s", density).isCloseTo(expected[0], within(error));
          assertThat(squares)
              .as("%s", density)
              .isCloseTo(expected[1], within(8 * error * Math.max(1, deviation)));
        });
  }

  @Test
  void draws_lieInTheSupport() {
    for (String word : new String[] {"gaussian", "uniform", "triangle", "square"}) {
      Density.Valued density = Density.parse(word);
      double[] x = new double[density.dimensions()];
      RandomStream draws = new RandomStream(1, 1);
      for (int i = 0; i < 1000; i++) {
        density.draw(draws, x);
        assertThat(density.logRelative(x)).as(word).isLessThanOrEqualTo(0).isFinite();
      }
    }
    assertThat(Density.triangle().logRelative(new double[] {0, 1.01})).isNegative().isInfinite();
    assertThat(Density.square().logRelative(new double[] {0.76, 0})).isNegative().isInfinite();
    assertThat(new Density.Gaussian(2, 0, 2).logRelative(new double[] {2, 0}))
        .isCloseTo(-0.5, within(1e-15));
  }

  @Test
  void greyImage_isDrawnFromByBrightnessAndUpright() {
    // 4×2: upper left dark grey, lower right white, all else black.
    float[] values = {0.25f, 0, 0, 0, 0, 0, 0, 0.75f};
    Density.Grey grey = new Density.Grey(4, 2, values);
    int upperLeft = 0;
    double[] x = new double[2];
    RandomStream draws = new RandomStream(2, 0);
    for (int i = 0; i < 4000; i++) {
      grey.draw(draws, x);
      if (x[0] < 0) {
        assertThat(x[0]).isBetween(-1.0, -0.5);
        assertThat(x[1]).isBetween(0.0, 0.5);
        assertThat(grey.logRelative(x)).isCloseTo(Math.log(1 / 3.0), within(1e-7));
        upperLeft++;
      } else {
        assertThat(x[0]).isBetween(0.5, 1.0);
        assertThat(x[1]).isBetween(-0.5, 0.0);
        assertThat(grey.logRelative(x)).isZero();
      }
    }
    assertThat(upperLeft / 4000.0).isCloseTo(0.25, within(0.035));
    assertThat(grey.logRelative(new double[] {0, 0.75})).isNegative().isInfinite();
    assertThat(grey.logRelative(new double[] {-0.25, 0.25})).isNegative().isInfinite();
  }

  @Test
  void invalidDensities_throw() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Density.Grey(2, 1, new float[2]));
    assertThatIllegalArgumentException().isThrownBy(() -> new Density.Grey(2, 1, new float[3]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Density.Grey(2, 1, new float[] {1, -1}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Density.Grey(2, 1, new float[] {1, Float.NaN}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Density.parse("circle"))
        .withMessageContaining("triangle");
  }
}
