package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class NoiseTest {
  private static final Logger LOG = Logger.getLogger(NoiseTest.class.getName());

  @Test
  void sameSeedAndIndex_giveTheFrozenBits() {
    // Frozen: a change would change the image of every seed.
    assertThat(gaussian(42, 0, 5)).containsExactly(FROZEN_GAUSSIAN);
    assertThat(Noise.uniform(42, 7, 0)).isEqualTo(FROZEN_UNIFORM);
  }

  @Test
  void gaussian_hasStandardNormalMoments() {
    int n = 1_000_000;
    double[] powers = new double[5];
    for (float z : gaussian(1, 0, n)) {
      for (int p = 1; p <= 4; p++) {
        powers[p] += Math.pow(z, p) / n;
      }
    }
    // Five standard errors: √(1/n), √(2/n), √(15/n), √(96/n).
    assertThat(powers[1]).isCloseTo(0, within(0.005));
    assertThat(powers[2]).isCloseTo(1, within(0.0071));
    assertThat(powers[3]).isCloseTo(0, within(0.02));
    assertThat(powers[4]).isCloseTo(3, within(0.05));
  }

  @Test
  void gaussian_followsTheNormalDistribution() {
    float[] z = gaussian(5, 3, 200_000);
    Arrays.sort(z);
    double distance = 0;
    for (int i = 0; i < z.length; i++) {
      distance = Math.max(distance, Math.abs(normalCdf(z[i]) - (i + 0.5) / z.length));
    }
    // Kolmogorov-Smirnov at the 0.1 % level.
    assertThat(distance).isLessThan(1.95 / Math.sqrt(z.length));
  }

  @Test
  void uniform_followsTheUniformDistribution() {
    double[] u = new double[200_000];
    Noise.uniform(5, 3, u, 0, u.length);
    Arrays.sort(u);
    assertThat(u[0]).isGreaterThanOrEqualTo(0);
    assertThat(u[u.length - 1]).isLessThan(1);
    double distance = 0;
    for (int i = 0; i < u.length; i++) {
      distance = Math.max(distance, Math.abs(u[i] - (i + 0.5) / u.length));
    }
    assertThat(distance).isLessThan(1.95 / Math.sqrt(u.length));
  }

  @Test
  void indicesSeedsAndNeighbours_areUncorrelated() {
    int n = 200_000;
    double bound = 5 / Math.sqrt(n);
    float[] base = gaussian(9, 0, n);
    assertThat(correlation(base, gaussian(9, 1, n))).isCloseTo(0, within(bound));
    assertThat(correlation(base, gaussian(10, 0, n))).isCloseTo(0, within(bound));
    for (int lag = 1; lag <= 8; lag++) {
      float[] shifted = Arrays.copyOfRange(base, lag, n);
      float[] start = Arrays.copyOf(base, n - lag);
      assertThat(correlation(start, shifted)).as("lag %d", lag).isCloseTo(0, within(bound));
    }
  }

  @Test
  void gaussian_sameElementOfManyIndices_isNormal() {
    int n = 100_000;
    double sum = 0;
    double squares = 0;
    float[] one = new float[1];
    for (int index = 0; index < n; index++) {
      Noise.gaussian(3, index, one, 0, 1);
      sum += one[0];
      squares += (double) one[0] * one[0];
    }
    assertThat(sum / n).isCloseTo(0, within(5 / Math.sqrt(n)));
    assertThat(squares / n).isCloseTo(1, within(5 * Math.sqrt(2.0 / n)));
  }

  @Test
  void splitRange_givesTheSameElements() {
    float[] whole = gaussian(11, 2, 103);
    double[] wholeUniform = new double[103];
    Noise.uniform(11, 2, wholeUniform, 0, 103);
    for (int cut = 0; cut <= 103; cut++) {
      float[] pieces = new float[103];
      Noise.gaussian(11, 2, 0, pieces, 0, cut);
      Noise.gaussian(11, 2, cut, pieces, cut, 103 - cut);
      assertThat(pieces).containsExactly(whole);
      double[] uniformPieces = new double[103];
      Noise.uniform(11, 2, 0, uniformPieces, 0, cut);
      Noise.uniform(11, 2, cut, uniformPieces, cut, 103 - cut);
      assertThat(uniformPieces).containsExactly(wholeUniform);
    }
  }

  @Test
  void uniformStream_isIndependentOfTheGaussianStream() {
    int n = 100_000;
    double[] u = new double[n];
    Noise.uniform(9, 0, u, 0, n);
    float[] uniform = new float[n];
    for (int i = 0; i < n; i++) {
      uniform[i] = (float) (u[i] - 0.5);
    }
    assertThat(correlation(uniform, gaussian(9, 0, n))).isCloseTo(0, within(5 / Math.sqrt(n)));
  }

  @Test
  void gaussian_writesOnlyItsRange_invalidRangeThrows() {
    float[] out = new float[10];
    Noise.gaussian(1, 1, out, 3, 4);
    assertThat(out[2]).isZero();
    assertThat(out[7]).isZero();
    assertThat(Arrays.copyOfRange(out, 3, 7)).doesNotContain(0f);
    assertThatThrownBy(() -> Noise.gaussian(1, 1, out, 8, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> Noise.gaussian(1, 1, -1, out, 0, 3));
  }

  @Test
  void gaussian_isFastEnoughForATrainingStep() {
    float[] out = new float[100_000];
    for (int i = 0; i < 20; i++) {
      Noise.gaussian(1, i, out, 0, out.length);
    }
    long started = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      Noise.gaussian(2, i, out, 0, out.length);
    }
    double perSecond = 20.0 * out.length / ((System.nanoTime() - started) * 1e-9);
    LOG.info(String.format("Gaussian noise: %.1f million values a second", perSecond / 1e6));
    // A tenth of the speed on two shared cores: 100,000 values in a tenth of a second.
    assertThat(perSecond).isGreaterThan(1e6);
  }

  private static final float[] FROZEN_GAUSSIAN = {
    1.8693302f, -0.97346324f, -0.09078088f, 1.053533f, -0.19779718f
  };
  private static final double FROZEN_UNIFORM = 0.8569694484567997;

  private static float[] gaussian(long seed, long index, int n) {
    float[] out = new float[n];
    Noise.gaussian(seed, index, out, 0, n);
    return out;
  }

  private static double correlation(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  /** Φ by its power series, good to 1e-8 in this range. */
  private static double normalCdf(double z) {
    if (Math.abs(z) > 5) {
      return z > 0 ? 1 : 0;
    }
    double term = z;
    double sum = z;
    for (int k = 1; k < 120; k++) {
      term *= -z * z / (2 * k);
      sum += term / (2 * k + 1);
    }
    return 0.5 + sum / Math.sqrt(2 * Math.PI);
  }

  @Test
  void slerp_keepsTheNormOfNoise() {
    int n = 3072;
    float[] a = new float[n];
    float[] b = new float[n];
    Noise.gaussian(1, 0, a, 0, n);
    Noise.gaussian(2, 0, b, 0, n);
    float[] out = new float[n];
    Noise.slerp(a, b, 0, out);
    assertThat(out).containsExactly(a, within(1e-6f));
    Noise.slerp(a, b, 1, out);
    assertThat(out).containsExactly(b, within(1e-6f));
    Noise.slerp(a, b, 0.5, out);
    double squares = 0;
    for (float value : out) {
      squares += value * value;
    }
    assertThat(squares / n).isCloseTo(1, within(0.1)); // a straight line's middle has one half
    Noise.slerp(a, a, 0.3, out);
    assertThat(out).containsExactly(a, within(1e-6f));
  }
}
