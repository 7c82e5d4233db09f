package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class DeblendingTest {
  private static final Logger LOG = Logger.getLogger(DeblendingTest.class.getName());

  /** One smoothed point is a Gaussian; the map from N(0, 1) to N(y, s²) is z → y + s·z. */
  @Test
  void iterate_betweenGaussians_convergesWithOrderOneHalf() {
    double y = 0.7;
    double s = 0.5;
    SmoothedData pair = new SmoothedData(new float[][] {{(float) y}}, s);
    int runs = 2000;
    int doublings = 5;
    double[] logs = new double[doublings + 1];
    for (int k = 0; k <= doublings; k++) {
      double[] alphas = AlphaSchedule.UNIFORM.alphas(16 << k);
      double squares = 0;
      for (int run = 0; run < runs; run++) {
        double[] start = {new RandomStream(1, run).gaussian()};
        double[][] path = pair.iterate(alphas, new RandomStream(2 + k, run), start);
        double error = path[alphas.length - 1][0] - ((float) y + s * start[0]);
        squares += error * error;
      }
      logs[k] = Math.log(Math.sqrt(squares / runs)) / Math.log(2);
    }
    double slope = (logs[doublings] - logs[0]) / doublings;
    LOG.info(() -> "stochastic iteration, pair of Gaussians: slope %.3f".formatted(slope));
    assertThat(slope).isCloseTo(-0.5, within(0.1));
    for (int k = 1; k <= doublings; k++) {
      assertThat(logs[k] - logs[k - 1]).as("doubling %d", k).isCloseTo(-0.5, within(0.1));
    }
  }

  @Test
  void deblend_pairBlendsToThePointAgain() {
    float[][] data = {{-0.6f, 0.2f}, {0.5f, 0.5f}, {0.1f, -0.7f}};
    Deblending[] all = {
      new SmoothedData(data, 0.1),
      Deblending.ofData(data, new Density.Gaussian(2, 0, 1)),
      Deblending.byRejection(Density.triangle(), Density.square())
    };
    for (Deblending deblending : all) {
      double[] x0 = new double[2];
      double[] x1 = new double[2];
      RandomStream draws = new RandomStream(3, 0);
      for (double alpha : new double[] {0, 0.1, 0.49, 0.5, 0.9, 0.99}) {
        double[] x = {0.1, 0.15};
        deblending.deblend(x, alpha, draws, x0, x1);
        for (int k = 0; k < 2; k++) {
          assertThat(Iadb.blend(x0[k], x1[k], alpha)).isCloseTo(x[k], within(1e-12));
        }
      }
    }
  }

  /**
   * Three implementations of the same posterior: means over many draws agree with the exact mean.
   */
  @Test
  void deblend_drawsHaveThePosteriorMean() {
    float[][] data = {{-0.6f, 0.2f}, {0.5f, 0.5f}, {0.1f, -0.7f}};
    double alpha = 0.4;
    double[] x = {0.2, 0.1};
    SmoothedData smoothed = new SmoothedData(data, 0.05);
    double[] exact = new double[2];
    smoothed.means(x, alpha, new double[2], exact);
    assertThat(mean(smoothed, x, alpha)).containsExactly(exact, within(0.02));
    new SmoothedData(data, 1e-6).means(x, alpha, new double[2], exact);
    assertThat(mean(Deblending.ofData(data, new Density.Gaussian(2, 0, 1)), x, alpha))
        .containsExactly(exact, within(0.02));
    SmoothedData gaussian = new SmoothedData(new float[][] {{0.3f, 0.3f}}, 0.7);
    Deblending rejection =
        Deblending.byRejection(new Density.Gaussian(2, 0, 1), new Density.Gaussian(2, 0.3f, 0.7));
    for (double at : new double[] {0.2, 0.8}) { // either side of one half
      gaussian.means(x, at, new double[2], exact);
      assertThat(mean(rejection, x, at)).containsExactly(exact, within(0.03));
    }
  }

  private static double[] mean(Deblending deblending, double[] x, double alpha) {
    double[] sum = new double[2];
    double[] x0 = new double[2];
    double[] x1 = new double[2];
    int n = 20_000;
    for (int i = 0; i < n; i++) {
      deblending.deblend(x, alpha, new RandomStream(9, i), x0, x1);
      sum[0] += x1[0] / n;
      sum[1] += x1[1] / n;
    }
    return sum;
  }

  @Test
  void iterate_endsInP1_forAnyNumberOfSteps() {
    Density.Valued square = Density.square();
    Deblending deblending = Deblending.byRejection(Density.triangle(), square);
    for (int steps : new int[] {1, 6, 24}) {
      double[] mean = new double[2];
      int n = 400;
      for (int i = 0; i < n; i++) {
        double[] start = new double[2];
        Density.triangle().draw(new RandomStream(5, i), start);
        double[][] path =
            deblending.iterate(AlphaSchedule.UNIFORM.alphas(steps), new RandomStream(6, i), start);
        double[] end = path[steps];
        assertThat(square.logRelative(new double[] {end[0] * (1 - 1e-9), end[1] * (1 - 1e-9)}))
            .isZero();
        mean[0] += end[0] / n;
        mean[1] += end[1] / n;
      }
      assertThat(mean).containsExactly(new double[] {0, 0}, within(5 * 0.433 / Math.sqrt(n)));
    }
  }

  @Test
  void deblend_pointOutsideEveryBlend_keepsCurrentPair() {
    Deblending deblending =
        Deblending.ofData(new float[][] {{0f, 0f}}, new Density.Uniform(2, -1, 1));
    double[] x0 = {0.5, 0.5};
    double[] x1 = {0.25, 0.25};
    deblending.deblend(new double[] {10, 10}, 0.5, new RandomStream(1, 1), x0, x1);
    assertThat(x0).containsExactly(0.5, 0.5);
    assertThat(x1).containsExactly(0.25, 0.25);
  }
}
