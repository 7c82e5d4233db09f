package dev.mezzotint.evaluation;

/**
 * The trivial model: fills each segment with its mean colour over training images. Used by one
 * thread.
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

  void add(ImageSet images, byte[][] segments) {
    int plane = images.plane();
    for (int n = 0; n < images.size(); n++) {
      for (int i = 0; i < plane; i++) {
        int s = segments[n][i] & 0xFF;
        counts[s]++;
        for (int c = 0; c < channels; c++) {
          sums[s][c] += images.values()[(n * channels + c) * plane + i];
        }
      }
    }
  }

  /** An image for each segment map; a segment without training pixels is grey. */
  ImageSet render(ImageSet like, byte[][] segments) {
    ImageSet image = like.blank(segments.length);
    int plane = image.plane();
    for (int n = 0; n < segments.length; n++) {
      for (int i = 0; i < plane; i++) {
        int s = segments[n][i] & 0xFF;
        for (int c = 0; c < channels; c++) {
          image.values()[(n * channels + c) * plane + i] =
              (float) (sums[s][c] / Math.max(1, counts[s]));
        }
      }
    }
    return image;
  }
}
