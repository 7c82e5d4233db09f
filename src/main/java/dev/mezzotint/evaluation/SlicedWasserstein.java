package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.RandomStream;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The sliced 1-Wasserstein distance between patches of two sets of images, per level of the
 * Laplacian pyramid [1]: patches of both sets are projected onto random lines, where the best
 * pairing is by rank. Fine levels compare textures and edges, the coarsest large shapes and
 * colours.
 *
 * <p>Unlike [1], both sets are normalised by the reference's mean and deviation per channel, not
 * each by its own, which would hide wrong colours and contrast; and patches are taken at the same
 * random places in both sets, so that a set has distance 0 from itself.
 *
 * <p>[1] Karras, Aila, Laine, Lehtinen: Progressive growing of GANs. ICLR 2018. Immutable.
 */
final class SlicedWasserstein {
  static final int PATCH = 7;

  static final int PATCHES = 64; // of each image at each level
  static final int DIRECTIONS = 128;

  /** Distances are in thousandths of the reference's deviation. */
  private static final double UNIT = 1000;

  private static final int BLOCK = 1024; // patches that one task projects

  private final ImageSet reference;
  private final long seed;
  private final Level[] levels;

  /**
   * @param mean per channel, of the reference's patches
   * @param deviation per channel, of the reference's patches
   * @param lines projections of the reference's patches on each direction, sorted
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Level(double[] mean, double[] deviation, float[][] lines) {}

  /**
   * @param reference the set to compare others with
   * @param seed of patches and directions
   */
  SlicedWasserstein(ImageSet reference, long seed) {
    this.reference = reference;
    this.seed = seed;
    List<ImageSet> pyramid = LaplacianPyramid.levels(reference);
    this.levels = new Level[pyramid.size()];
    for (int i = 0; i < levels.length; i++) {
      ImageSet level = pyramid.get(i);
      float[] patches = patches(level, i);
      double[] mean = new double[level.channels()];
      double[] deviation = new double[level.channels()];
      statistics(patches, level.channels(), mean, deviation);
      normalise(patches, level.channels(), mean, deviation);
      levels[i] = new Level(mean, deviation, lines(patches, level.channels(), i));
    }
  }

  /** Finest level first, in thousandths. Both sets must have the same size. */
  double[] to(ImageSet other) {
    reference.checkLike(other);
    if (other.size() != reference.size()) {
      throw new IllegalArgumentException(other.size() + " against " + reference.size());
    }
    List<ImageSet> pyramid = LaplacianPyramid.levels(other);
    double[] distances = new double[levels.length];
    for (int i = 0; i < levels.length; i++) {
      float[] patches = patches(pyramid.get(i), i);
      normalise(patches, other.channels(), levels[i].mean, levels[i].deviation);
      distances[i] = UNIT * distance(levels[i].lines, lines(patches, other.channels(), i));
    }
    return distances;
  }

  /** Patch × (channel, row, column). */
  private float[] patches(ImageSet level, int index) {
    int length = level.channels() * PATCH * PATCH;
    float[] patches = new float[level.size() * PATCHES * length];
    for (int n = 0; n < level.size(); n++) {
      RandomStream draws = new RandomStream(seed + index, n);
      for (int p = 0; p < PATCHES; p++) {
        int top = draws.below(level.height() - PATCH + 1);
        int left = draws.below(level.width() - PATCH + 1);
        int to = (n * PATCHES + p) * length;
        for (int c = 0; c < level.channels(); c++) {
          int plane = (n * level.channels() + c) * level.plane();
          for (int y = 0; y < PATCH; y++) {
            int from = plane + (top + y) * level.width() + left;
            System.arraycopy(level.values(), from, patches, to, PATCH);
            to += PATCH;
          }
        }
      }
    }
    return patches;
  }

  private static void statistics(float[] patches, int channels, double[] mean, double[] deviation) {
    int each = PATCH * PATCH;
    double[] squares = new double[channels];
    for (int i = 0; i < patches.length; i++) {
      int c = i / each % channels;
      mean[c] += patches[i];
      squares[c] += (double) patches[i] * patches[i];
    }
    double n = (double) patches.length / channels;
    for (int c = 0; c < channels; c++) {
      mean[c] /= n;
      // Flat images have no deviation: one grey level of 255 replaces it.
      deviation[c] =
          Math.max(1 / 127.5, Math.sqrt(Math.max(0, squares[c] / n - mean[c] * mean[c])));
    }
  }

  private static void normalise(float[] patches, int channels, double[] mean, double[] deviation) {
    int each = PATCH * PATCH;
    for (int i = 0; i < patches.length; i++) {
      int c = i / each % channels;
      patches[i] = (float) ((patches[i] - mean[c]) / deviation[c]);
    }
  }

  /** Direction × sorted projections. */
  private float[][] lines(float[] patches, int channels, int level) {
    int length = channels * PATCH * PATCH;
    int count = patches.length / length;
    float[] directions = directions(length, level);
    float[][] lines = new float[DIRECTIONS][count];
    IntStream.range(0, (count + BLOCK - 1) / BLOCK)
        .parallel()
        .forEach(
            block -> {
              float[] sums = new float[DIRECTIONS];
              for (int p = block * BLOCK; p < Math.min(count, (block + 1) * BLOCK); p++) {
                Arrays.fill(sums, 0);
                for (int k = 0; k < length; k++) {
                  Kernels.add(sums, patches[p * length + k], directions, k * DIRECTIONS);
                }
                for (int d = 0; d < DIRECTIONS; d++) {
                  lines[d][p] = sums[d];
                }
              }
            });
    Arrays.stream(lines).parallel().forEach(Arrays::sort);
    return lines;
  }

  /** Component × direction; each direction of length 1. */
  private float[] directions(int length, int level) {
    float[] all = new float[length * DIRECTIONS];
    Noise.gaussian(seed, Long.MAX_VALUE - level, all, 0, all.length);
    for (int d = 0; d < DIRECTIONS; d++) {
      double squares = 0;
      for (int k = 0; k < length; k++) {
        squares += (double) all[k * DIRECTIONS + d] * all[k * DIRECTIONS + d];
      }
      for (int k = 0; k < length; k++) {
        all[k * DIRECTIONS + d] /= (float) Math.sqrt(squares);
      }
    }
    return all;
  }

  private static double distance(float[][] a, float[][] b) {
    double sum = 0;
    for (int d = 0; d < a.length; d++) {
      double line = 0;
      for (int i = 0; i < a[d].length; i++) {
        line += Math.abs(a[d][i] - (double) b[d][i]);
      }
      sum += line / a[d].length;
    }
    return sum / a.length;
  }
}
