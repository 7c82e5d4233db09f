package dev.mezzotint.evaluation;

/**
 * The trivial model: each segment in the mean colour that it has over training pictures. Used by
 * one thread.
 */
final class SegmentColours {
  private final int channels;
  private final double[][] sums;
  private final long[] counts;

  SegmentColours(int segments, int channels) {
    this.channels = channels;
    this.sums = new double[segments][channels];
    this.counts = new long[segments];
  }

  void learn(ImageSet pictures, byte[][] segments) {
    int plane = pictures.plane();
    for (int n = 0; n < pictures.size(); n++) {
      for (int i = 0; i < plane; i++) {
        int s = segments[n][i] & 0xFF;
        counts[s]++;
        for (int c = 0; c < channels; c++) {
          sums[s][c] += pictures.values()[(n * channels + c) * plane + i];
        }
      }
    }
  }

  /** A picture for each map of segments; one never seen is grey. */
  ImageSet paint(ImageSet like, byte[][] segments) {
    ImageSet painted = like.blank(segments.length);
    int plane = painted.plane();
    for (int n = 0; n < segments.length; n++) {
      for (int i = 0; i < plane; i++) {
        int s = segments[n][i] & 0xFF;
        for (int c = 0; c < channels; c++) {
          painted.values()[(n * channels + c) * plane + i] =
              (float) (sums[s][c] / Math.max(1, counts[s]));
        }
      }
    }
    return painted;
  }
}
