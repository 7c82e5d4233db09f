package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.RandomStream;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Distances between two sets of features. */
final class FeatureDistances {
  /** The k of {@link #coverage}: a ball reaches to the k-th nearest neighbour. */
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
   * The magnitude of {@link #kid} between two sets of one distribution: its root mean square over
   * random permutations of both.
   */
  static double kidNoiseFloor(float[][] x, float[][] y, long seed) {
    float[][] all = Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, all, x.length, y.length);
    float[][] kernel = kernel(all);
    double squares = 0;
    for (int split = 0; split < SPLITS; split++) {
      RandomStream draws = new RandomStream(seed, split);
      boolean[] first = new boolean[all.length];
      int left = x.length;
      for (int i = 0; i < all.length; i++) {
        if (draws.below(all.length - i)
            < left) { // all subsets of x.length elements are equally likely
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
   * The share of real images with at least one other image in their neighbourhood (Naeem et al.,
   * ICML 2020). It falls where the others lack some kinds of images.
   *
   * @param others as many as real, so that shares are comparable
   */
  static double coverage(float[][] real, float[][] others) {
    return IntStream.range(0, real.length)
            .parallel()
            .filter(i -> nearest(real[i], others) <= radius(real, i))
            .count()
        / (double) real.length;
  }

  /** The squared distance to the k-th nearest neighbour in its own set. */
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
