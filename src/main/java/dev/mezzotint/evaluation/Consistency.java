package dev.mezzotint.evaluation;

import java.util.Arrays;

/** Measures how well images match their conditions, against reference images. */
final class Consistency {
  private static final double LEVELS = 127.5; // grey levels of 255 in a difference of 1

  private Consistency() {}

  /**
   * The distance of the mean colour of each segment from that of the same segment in the reference,
   * in grey levels of 255: root mean square over channels and segments, weighted by area; then the
   * mean over images.
   *
   * @param segments for each image the segment of each pixel
   */
  static double colourError(ImageSet images, ImageSet references, byte[][] segments) {
    images.checkLike(references);
    int plane = images.plane();
    double sum = 0;
    for (int n = 0; n < images.size(); n++) {
      int[] areas = new int[256];
      for (byte segment : segments[n]) {
        areas[segment & 0xFF]++;
      }
      double squares = 0;
      for (int c = 0; c < images.channels(); c++) {
        double[] differences = new double[256];
        int at = (n * images.channels() + c) * plane;
        for (int i = 0; i < plane; i++) {
          differences[segments[n][i] & 0xFF] +=
              images.values()[at + i] - (double) references.values()[at + i];
        }
        for (int s = 0; s < areas.length; s++) {
          squares += areas[s] == 0 ? 0 : differences[s] * differences[s] / areas[s];
        }
      }
      sum += LEVELS * Math.sqrt(squares / plane / images.channels());
    }
    return sum / images.size();
  }

  /**
   * The correlation over pixels between the Sobel gradient magnitudes, of the mean channel, of each
   * image and its reference; then the mean over images. An image without edges has correlation 0.
   */
  static double edgeCorrelation(ImageSet images, ImageSet references) {
    images.checkLike(references);
    double sum = 0;
    for (int n = 0; n < images.size(); n++) {
      sum += correlation(gradient(images, n), gradient(references, n));
    }
    return sum / images.size();
  }

  private static double[] gradient(ImageSet set, int n) {
    int h = set.height();
    int w = set.width();
    double[] grey = new double[h * w];
    for (int c = 0; c < set.channels(); c++) {
      for (int i = 0; i < grey.length; i++) {
        grey[i] += set.values()[(n * set.channels() + c) * h * w + i];
      }
    }
    double[] magnitudes = new double[h * w];
    for (int y = 1; y + 1 < h; y++) {
      for (int x = 1; x + 1 < w; x++) {
        double across = 0;
        double down = 0;
        for (int k = -1; k <= 1; k++) {
          int weight = 2 - Math.abs(k);
          across += weight * (grey[(y + k) * w + x + 1] - grey[(y + k) * w + x - 1]);
          down += weight * (grey[(y + 1) * w + x + k] - grey[(y - 1) * w + x + k]);
        }
        magnitudes[y * w + x] = Math.hypot(across, down);
      }
    }
    return magnitudes;
  }

  private static double correlation(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElse(0);
    double meanB = Arrays.stream(b).average().orElse(0);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    return aa < 1e-9 || bb < 1e-9 ? 0 : ab / Math.sqrt(aa * bb);
  }

  /** The mean absolute difference between paired images, in grey levels of 255. */
  static double difference(ImageSet a, ImageSet b) {
    a.checkLike(b);
    double sum = 0;
    for (int i = 0; i < a.values().length; i++) {
      sum += Math.abs(a.values()[i] - (double) b.values()[i]);
    }
    return LEVELS * sum / a.values().length;
  }

  /** For each segment map the index of the training map that agrees in most pixels. */
  static int[] mostSimilar(byte[][] training, byte[][] segments) {
    int[] best = new int[segments.length];
    Arrays.parallelSetAll(
        best,
        n -> {
          int most = -1;
          int similar = 0;
          for (int t = 0; t < training.length; t++) {
            int same = 0;
            for (int i = 0; i < segments[n].length; i++) {
              same += segments[n][i] == training[t][i] ? 1 : 0;
            }
            if (same > most) {
              most = same;
              similar = t;
            }
          }
          return similar;
        });
    return best;
  }
}
