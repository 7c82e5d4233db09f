package dev.mezzotint.evaluation;

/** Whether pictures show what their condition asked for, measured against their references. */
final class Consistency {
  private static final double LEVELS = 127.5; // grey levels of 255 in a difference of 1

  private Consistency() {}

  /**
   * How far the mean colours of segments are from those of the reference's same segments, in grey
   * levels of 255: the root of the mean square over channels and, by their area, over segments;
   * then the mean over pictures.
   *
   * @param segments for each picture the segment of each pixel
   */
  static double colourError(ImageSet pictures, ImageSet references, byte[][] segments) {
    pictures.checkLike(references);
    int plane = pictures.plane();
    double sum = 0;
    for (int n = 0; n < pictures.size(); n++) {
      int[] areas = new int[256];
      for (byte segment : segments[n]) {
        areas[segment & 0xFF]++;
      }
      double squares = 0;
      for (int c = 0; c < pictures.channels(); c++) {
        double[] differences = new double[256];
        int at = (n * pictures.channels() + c) * plane;
        for (int i = 0; i < plane; i++) {
          differences[segments[n][i] & 0xFF] +=
              pictures.values()[at + i] - (double) references.values()[at + i];
        }
        for (int s = 0; s < areas.length; s++) {
          squares += areas[s] == 0 ? 0 : differences[s] * differences[s] / areas[s];
        }
      }
      sum += LEVELS * Math.sqrt(squares / plane / pictures.channels());
    }
    return sum / pictures.size();
  }

  /**
   * The correlation over pixels of the gradient's magnitude, Sobel's of the mean channel, in each
   * picture with that in its reference; then the mean over pictures. A picture without edges has
   * correlation 0.
   */
  static double edgeCorrelation(ImageSet pictures, ImageSet references) {
    pictures.checkLike(references);
    double sum = 0;
    for (int n = 0; n < pictures.size(); n++) {
      sum += correlation(gradient(pictures, n), gradient(references, n));
    }
    return sum / pictures.size();
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
    double meanA = java.util.Arrays.stream(a).average().orElse(0);
    double meanB = java.util.Arrays.stream(b).average().orElse(0);
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

  /** The mean difference without sign between pictures in pairs, in grey levels of 255. */
  static double difference(ImageSet a, ImageSet b) {
    a.checkLike(b);
    double sum = 0;
    for (int i = 0; i < a.values().length; i++) {
      sum += Math.abs(a.values()[i] - (double) b.values()[i]);
    }
    return LEVELS * sum / a.values().length;
  }

  /** For each map of segments the number of the training one that agrees in most pixels. */
  static int[] mostAlike(byte[][] training, byte[][] segments) {
    int[] best = new int[segments.length];
    java.util.Arrays.parallelSetAll(
        best,
        n -> {
          int most = -1;
          int found = 0;
          for (int t = 0; t < training.length; t++) {
            int same = 0;
            for (int i = 0; i < segments[n].length; i++) {
              same += segments[n][i] == training[t][i] ? 1 : 0;
            }
            if (same > most) {
              most = same;
              found = t;
            }
          }
          return found;
        });
    return best;
  }
}
