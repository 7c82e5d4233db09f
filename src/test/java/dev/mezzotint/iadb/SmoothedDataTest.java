package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SmoothedDataTest {

  /** x_α = α·y + σ_α·z along a path, σ_α² = (1−α)² + α²s²: x0 = z ends at y + s·z. */
  @Test
  void singlePoint_fieldMapsNoiseToItsGaussian() {
    SmoothedData field = new SmoothedData(new float[][] {{0.7f, -0.2f}}, 0.1);
    double[] x = {1.3, -0.4};
    run(field, Solver.RK4, 256, x);
    assertThat(x[0]).isCloseTo(0.7f + 0.1 * 1.3, within(1e-6));
    assertThat(x[1]).isCloseTo(-0.2f + 0.1 * -0.4, within(1e-6));
  }

  /** The posterior mean by brute force: pairs whose blend falls near x. */
  @Test
  void field_isTheMeanDirectionOfBlendsThroughThePoint() {
    float[][] data = {{-1f}, {0.2f}, {0.9f}};
    SmoothedData field = new SmoothedData(data, 0.2);
    SplittableRandom random = new SplittableRandom(5);
    double alpha = 0.55;
    double at = 0.1;
    double sum = 0;
    int hits = 0;
    for (int i = 0; i < 4_000_000; i++) {
      double x0 = gaussian(random);
      double x1 = data[random.nextInt(3)][0] + 0.2 * gaussian(random);
      if (Math.abs((1 - alpha) * x0 + alpha * x1 - at) < 0.01) {
        sum += x1 - x0;
        hits++;
      }
    }
    double[] d = new double[1];
    field.direction(new double[] {at}, alpha, d);
    // The mean of some 35,000 pairs with a spread of about 1: three standard errors.
    assertThat(d[0]).isCloseTo(sum / hits, within(3 * 1.2 / Math.sqrt(hits)));
  }

  @Test
  void field_isFiniteAtBothEndsAndFarFromTheData() {
    SmoothedData field = new SmoothedData(new float[][] {{-1f, 1f}, {1f, 1f}}, 1e-3);
    double[] d = new double[2];
    for (double alpha : new double[] {0, 1e-12, 0.5, 1 - 1e-12, 1}) {
      field.direction(new double[] {50, -80}, alpha, d);
      assertThat(d[0]).isFinite();
      assertThat(d[1]).isFinite();
    }
  }

  @Test
  void means_ofBothEnds_blendToThePoint() {
    SmoothedData field = new SmoothedData(new float[][] {{-1f, 1f}, {0.4f, 0.3f}}, 0.1);
    double[] x = {0.2, 0.5};
    double[] x0 = new double[2];
    double[] x1 = new double[2];
    double[] d = new double[2];
    for (double alpha : new double[] {0, 0.3, 1 - 1e-9, 1}) {
      field.means(x, alpha, x0, x1);
      field.direction(x, alpha, d);
      for (int k = 0; k < 2; k++) {
        assertThat(Iadb.blend(x0[k], x1[k], alpha)).isCloseTo(x[k], within(1e-12));
        assertThat(Iadb.direction(x0[k], x1[k])).isCloseTo(d[k], within(1e-12));
      }
    }
    // At the ends one of them is the point itself.
    field.means(x, 0, x0, x1);
    assertThat(x0).containsExactly(x, within(1e-12));
    field.means(x, 1, x0, x1);
    assertThat(x1).containsExactly(x, within(1e-12));
  }

  /** End-point error, root mean square over 64 fixed x0, against a converged reference. */
  @Test
  void ab2WithThirtyTwoEvaluationsBeatsEulerWithOneHundredAndTwentyEight() {
    int size = 48;
    float[][] data = new float[24][size];
    for (int i = 0; i < data.length; i++) {
      Noise.gaussian(11, i, data[i], 0, size);
      for (int k = 0; k < size; k++) {
        data[i][k] = Math.max(-1, Math.min(1, 0.6f * data[i][k]));
      }
    }
    SmoothedData field = new SmoothedData(data, 0.1);
    double euler = 0;
    double ab2 = 0;
    for (int row = 0; row < 64; row++) {
      float[] noise = new float[size];
      Noise.gaussian(12, row, noise, 0, size);
      double[] reference = end(field, Solver.RK4, 128, noise);
      euler += squares(reference, end(field, Solver.EULER, 128, noise));
      ab2 += squares(reference, end(field, Solver.AB2, 32, noise));
    }
    assertThat(Math.sqrt(ab2 / euler)).isLessThan(1);
  }

  private static double[] end(SmoothedData field, Solver solver, int steps, float[] noise) {
    double[] x = new double[noise.length];
    for (int k = 0; k < x.length; k++) {
      x[k] = noise[k];
    }
    run(field, solver, steps, x);
    return x;
  }

  private static double squares(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return sum;
  }

  private static void run(SmoothedData field, Solver solver, int steps, double[] x) {
    field.integrate(solver.stages(AlphaSchedule.UNIFORM.alphas(steps)), x);
  }

  private static double gaussian(SplittableRandom random) {
    return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
        * Math.cos(2 * Math.PI * random.nextDouble());
  }
}
