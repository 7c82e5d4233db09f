package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.RandomStream;
import java.util.Arrays;
import java.util.stream.IntStream;

/** What two sets of features say about each other. */
final class FeatureDistances {
  /** Which neighbour a ball of {@link #coverage} reaches to. */
  static final int NEIGHBOURS = 5;

  private static final int SPLITS = 50;

  private FeatureDistances() {}

  /**
   * The kernel inception distance's statistic [1]: the unbiased squared maximum mean discrepancy
   * with the kernel (x·y / d + 1)³. Has mean 0 between sets of one distribution, so it may be
   * negative.
   *
   * <p>[1] Bińkowski, Sutherland, Arbel, Gretton: Demystifying MMD GANs. ICLR 2018.
   */
  static double kid(float[][] x, float[][] y) {
    float[][] all = Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, all, x.length, y.length);
    boolean[] first = new boolean[all.length];
    Arrays.fill(first, 0, x.length, true);
    return discrepancy(kernel(all), first);
  }

  /**
   * The size that {@link #kid} has between two sets of one distribution: the root of its mean
   * square over random ways to deal both out anew.
   */
  static double kidOfChance(float[][] x, float[][] y, long seed) {
    float[][] all = Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, all, x.length, y.length);
    float[][] kernel = kernel(all);
    double squares = 0;
    for (int split = 0; split < SPLITS; split++) {
      RandomStream draws = new RandomStream(seed, split);
      boolean[] first = new boolean[all.length];
      int left = x.length;
      for (int i = 0; i < all.length; i++) {
        if (draws.below(all.length - i) < left) { // each subset of x.length as likely
          first[i] = true;
          left--;
        }
      }
      double value = discrepancy(kernel, first);
      squares += value * value / SPLITS;
    }
    return Math.sqrt(squares);
  }

  private static float[][] kernel(float[][] all) {
    float[][] kernel = new float[all.length][all.length];
    IntStream.range(0, all.length)
        .parallel()
        .forEach(
            i -> {
              for (int j = 0; j < all.length; j++) {
                double base = Kernels.dot(all[i], all[j]) / all[i].length + 1;
                kernel[i][j] = (float) (base * base * base);
              }
            });
    return kernel;
  }

  private static double discrepancy(float[][] kernel, boolean[] first) {
    double[] sums = new double[3]; // within the second, across, within the first
    int n = 0;
    for (int i = 0; i < kernel.length; i++) {
      n += first[i] ? 1 : 0;
      for (int j = 0; j < i; j++) {
        sums[(first[i] ? 1 : 0) + (first[j] ? 1 : 0)] += kernel[i][j];
      }
    }
    double m = kernel.length - n;
    return 2 * sums[2] / (n * (n - 1.0)) + 2 * sums[0] / (m * (m - 1)) - 2 * sums[1] / (n * m);
  }

  /**
   * The share of real pictures in whose neighbourhood some other picture lies (Naeem et al., ICML
   * 2020): falls where the others leave kinds of pictures out.
   *
   * @param others as many as real, so that shares compare
   */
  static double coverage(float[][] real, float[][] others) {
    return IntStream.range(0, real.length)
            .parallel()
            .filter(i -> nearest(real[i], others) <= radius(real, i))
            .count()
        / (double) real.length;
  }

  /** The squared distance to the k-th nearest of its own set. */
  private static double radius(float[][] set, int i) {
    double[] distances = new double[set.length - 1];
    int at = 0;
    for (int j = 0; j < set.length; j++) {
      if (j != i) {
        distances[at++] =
            Kernels.squaredDistance(set[i], 0, set[j], 0, set[i].length, Double.MAX_VALUE);
      }
    }
    Arrays.sort(distances);
    return distances[Math.min(NEIGHBOURS, distances.length) - 1];
  }

  private static double nearest(float[] feature, float[][] others) {
    double least = Double.MAX_VALUE;
    for (float[] other : others) {
      least = Math.min(least, Kernels.squaredDistance(feature, 0, other, 0, feature.length, least));
    }
    return least;
  }
}
