package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BlueNoiseTest {

  @Test
  void basis_isOrthonormal() {
    BlueNoise noise = new BlueNoise(6, 10);
    double[] pixels = new double[60];
    RandomStream draws = new RandomStream(1, 1);
    double length = 0;
    for (int i = 0; i < 60; i++) {
      pixels[i] = draws.gaussian();
      length += pixels[i] * pixels[i];
    }
    double[] coefficients = noise.coefficients(pixels);
    double other = 0;
    for (double c : coefficients) {
      other += c * c;
    }
    assertThat(other).isCloseTo(length, within(1e-9));
    assertThat(noise.pixels(coefficients)).containsExactly(pixels, within(1e-12));
  }

  @Test
  void neighbours_differMoreThanInWhiteNoiseOfTheSameVariance() {
    int side = 32;
    float[] values = new float[16 * side * side];
    Noise.gaussian(3, 0, values, 0, values.length);
    double white = neighbours(values, side);
    new BlueNoise(side, side).colour(values, 0, 16);
    double squares = 0;
    for (float value : values) {
      squares += value * value / (double) values.length;
    }
    assertThat(squares).isCloseTo(1, within(0.05));
    assertThat(neighbours(values, side)).isLessThan(white - 0.1);
  }

  /** Mean product of horizontal neighbours: 0 for white noise. */
  private static double neighbours(float[] values, int side) {
    double sum = 0;
    int n = 0;
    for (int i = 0; i + 1 < values.length; i++) {
      if (i % side != side - 1) {
        sum += values[i] * values[i + 1];
        n++;
      }
    }
    return sum / n;
  }

  /** One smoothed point again: z goes to y + s·z/σ, value by value. */
  @Test
  void exactField_acceptsDeviationsPerValue() {
    double[] deviations = {0.5, 2};
    SmoothedData field = new SmoothedData(new float[][] {{0.7f, -0.2f}}, 0.1, deviations);
    double[] x = {0.6, -1.4};
    field.integrate(Solver.RK4.stages(AlphaSchedule.UNIFORM.alphas(256)), x);
    assertThat(x[0]).isCloseTo(0.7f + 0.1 * 0.6 / 0.5, within(1e-5));
    assertThat(x[1]).isCloseTo(-0.2f + 0.1 * -1.4 / 2, within(1e-5));
  }
}
