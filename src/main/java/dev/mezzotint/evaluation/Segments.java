package dev.mezzotint.evaluation;

import dev.mezzotint.dataset.Condition;
import dev.mezzotint.iadb.RandomStream;
import java.util.Arrays;
import java.util.List;

/**
 * Segments the pixels of conditions: by the class of the first label map or, where conditions are
 * images, by the nearest of {@value #CLUSTERS} colours found in training conditions by k-means.
 *
 * @param first channel of the condition that is used
 * @param colours centres of the clusters; empty for a label map
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Segments(int first, int channels, float[][] colours) {
  static final int CLUSTERS = 12;

  private static final int ROUNDS = 20;
  private static final int PIXELS = 20_000;

  /**
   * @param conditions in channel order
   * @param examples conditions for the clustering
   */
  static Segments of(List<Condition> conditions, ImageSet examples, long seed) {
    int first = 0;
    for (Condition condition : conditions) {
      if (condition.palette().isPresent()) {
        return new Segments(first, condition.channels(), new float[0][]);
      }
      first += condition.channels();
    }
    int channels = conditions.isEmpty() ? examples.channels() : conditions.get(0).channels();
    return new Segments(0, channels, clusters(examples, channels, seed));
  }

  /** The largest number of segments. */
  int count() {
    return colours.length == 0 ? channels : colours.length;
  }

  /** The segment of each pixel of each condition. */
  byte[][] map(ImageSet conditions) {
    byte[][] all = new byte[conditions.size()][conditions.plane()];
    float[] pixel = new float[channels];
    for (int n = 0; n < all.length; n++) {
      for (int i = 0; i < all[n].length; i++) {
        for (int c = 0; c < channels; c++) {
          pixel[c] = value(conditions, n, first + c, i);
        }
        all[n][i] = (byte) (colours.length == 0 ? largest(pixel) : nearest(colours, pixel));
      }
    }
    return all;
  }

  private static float value(ImageSet set, int n, int c, int i) {
    return set.values()[(n * set.channels() + c) * set.plane() + i];
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int c = 1; c < values.length; c++) {
      best = values[c] > values[best] ? c : best;
    }
    return best;
  }

  private static int nearest(float[][] colours, float[] pixel) {
    int best = 0;
    double least = Double.MAX_VALUE;
    for (int k = 0; k < colours.length; k++) {
      double square = square(colours[k], pixel);
      if (square < least) {
        least = square;
        best = k;
      }
    }
    return best;
  }

  private static double square(float[] a, float[] b) {
    return Kernels.squaredDistance(a, 0, b, 0, a.length, Double.MAX_VALUE);
  }

  /** k-means, started from centres that are each the farthest of 100 random pixels. */
  private static float[][] clusters(ImageSet examples, int channels, long seed) {
    RandomStream draws = new RandomStream(seed, 0x6b6d65616e73L);
    float[][] pixels = new float[PIXELS][channels];
    for (float[] pixel : pixels) {
      int n = draws.below(examples.size());
      int i = draws.below(examples.plane());
      for (int c = 0; c < channels; c++) {
        pixel[c] = value(examples, n, c, i);
      }
    }
    float[][] centres = {pixels[0].clone()};
    while (centres.length < CLUSTERS) {
      float[] farthest = pixels[0];
      double most = -1;
      for (int tries = 0; tries < 100; tries++) {
        float[] pixel = pixels[draws.below(PIXELS)];
        double square = square(centres[nearest(centres, pixel)], pixel);
        if (square > most) {
          most = square;
          farthest = pixel;
        }
      }
      float[][] more = Arrays.copyOf(centres, centres.length + 1);
      more[centres.length] = farthest.clone();
      centres = more;
    }
    for (int round = 0; round < ROUNDS; round++) {
      double[][] sums = new double[CLUSTERS][channels];
      int[] counts = new int[CLUSTERS];
      for (float[] pixel : pixels) {
        int k = nearest(centres, pixel);
        counts[k]++;
        for (int c = 0; c < channels; c++) {
          sums[k][c] += pixel[c];
        }
      }
      for (int k = 0; k < CLUSTERS; k++) {
        for (int c = 0; c < channels && counts[k] > 0; c++) {
          centres[k][c] = (float) (sums[k][c] / counts[k]);
        }
      }
    }
    return centres;
  }
}
