package dev.mezzotint.image;

import java.util.Arrays;

/**
 * Resizes images: by area averaging when an image shrinks, by bilinear interpolation when it grows.
 * Width and height have their own scale factors. Safe for use by several threads.
 */
public final class Resize {
  private static final long ENLARGED_MAX = 1L << 25;

  private Resize() {}

  /**
   * Resizes the largest centred part with the wanted aspect ratio. The result is that of "resize
   * the shorter side, then crop the centre", without rounding in between. An image of the wanted
   * size is returned unchanged.
   */
  public static Pixels cover(Pixels pixels, int width, int height) {
    if (pixels.width() == width && pixels.height() == height) {
      return pixels;
    }
    double scale = Math.min((double) pixels.width() / width, (double) pixels.height() / height);
    double left = (pixels.width() - width * scale) / 2;
    double top = (pixels.height() - height * scale) / 2;
    Taps across = Taps.of(pixels.width(), left, scale, width);
    Taps down = Taps.of(pixels.height(), top, scale, height);
    return apply(pixels, across, down);
  }

  /**
   * As {@link #cover} with nearest-neighbour sampling, for label maps, whose values must not be
   * mixed.
   */
  public static Pixels coverNearest(Pixels pixels, int width, int height) {
    if (pixels.width() == width && pixels.height() == height) {
      return pixels;
    }
    double scale = Math.min((double) pixels.width() / width, (double) pixels.height() / height);
    double left = (pixels.width() - width * scale) / 2;
    double top = (pixels.height() - height * scale) / 2;
    int channels = pixels.channels();
    byte[] out = new byte[width * height * channels];
    for (int y = 0; y < height; y++) {
      int fromY = Math.min(pixels.height() - 1, (int) (top + (y + 0.5) * scale));
      for (int x = 0; x < width; x++) {
        int fromX = Math.min(pixels.width() - 1, (int) (left + (x + 0.5) * scale));
        System.arraycopy(
            pixels.bytes(),
            (fromY * pixels.width() + fromX) * channels,
            out,
            (y * width + x) * channels,
            channels);
      }
    }
    return new Pixels(width, height, channels, out);
  }

  /**
   * Repeats each pixel in both directions, so that small images can be seen.
   *
   * @param factor at least 1; less is used where the result would have more than 32 million pixels
   */
  public static Pixels enlarge(Pixels pixels, int factor) {
    int most = factor;
    while (most > 1 && (long) pixels.width() * pixels.height() * most * most > ENLARGED_MAX) {
      most--;
    }
    return coverNearest(pixels, pixels.width() * most, pixels.height() * most);
  }

  private static Pixels apply(Pixels pixels, Taps across, Taps down) {
    int channels = pixels.channels();
    int width = across.first.length;
    int height = down.first.length;
    byte[] out = new byte[width * height * channels];
    float[] row = new float[width * channels];
    float[] sum = new float[width * channels];
    for (int y = 0; y < height; y++) {
      Arrays.fill(sum, 0);
      for (int k = 0; k < down.weights[y].length; k++) {
        across.row(pixels, down.first[y] + k, row);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += down.weights[y][k] * row[i];
        }
      }
      for (int i = 0; i < sum.length; i++) {
        out[y * sum.length + i] = (byte) Math.min(255, Math.round(sum[i]));
      }
    }
    return new Pixels(width, height, channels, out);
  }

  /**
   * The weights of one axis: output o is Σ weights[o][k] · input[first[o] + k], weights ≥ 0 with
   * sum 1.
   */
  private static final class Taps {
    final int[] first;
    final float[][] weights;

    private Taps(int length) {
      first = new int[length];
      weights = new float[length][];
    }

    /** Output o covers [start + o·scale, start + (o + 1)·scale) of an input of {@code size}. */
    static Taps of(int size, double start, double scale, int length) {
      Taps taps = new Taps(length);
      for (int o = 0; o < length; o++) {
        if (scale >= 1) {
          taps.area(o, size, start + o * scale, start + (o + 1) * scale);
        } else {
          taps.bilinear(o, size, start + (o + 0.5) * scale - 0.5);
        }
      }
      return taps;
    }

    private void area(int o, int size, double from, double to) {
      int low = Math.min(size - 1, Math.max(0, (int) Math.floor(from)));
      int high = Math.min(size, Math.max(low + 1, (int) Math.ceil(to)));
      float[] shares = new float[high - low];
      for (int k = 0; k < shares.length; k++) {
        double covered = Math.min(to, low + k + 1.0) - Math.max(from, low + k);
        shares[k] = (float) Math.max(0, covered / (to - from));
      }
      first[o] = low;
      weights[o] = shares;
    }

    private void bilinear(int o, int size, double centre) {
      double at = Math.min(size - 1.0, Math.max(0, centre));
      int low = (int) at;
      float share = (float) (at - low);
      first[o] = low;
      weights[o] = share == 0 ? new float[] {1} : new float[] {1 - share, share};
    }

    /** Writes the input's row y at the output's width to {@code out}. */
    void row(Pixels pixels, int y, float[] out) {
      int channels = pixels.channels();
      int at = y * pixels.width() * channels;
      byte[] bytes = pixels.bytes();
      for (int x = 0; x < first.length; x++) {
        for (int c = 0; c < channels; c++) {
          float sum = 0;
          for (int k = 0; k < weights[x].length; k++) {
            sum += weights[x][k] * (bytes[at + (first[x] + k) * channels + c] & 0xFF);
          }
          out[x * channels + c] = sum;
        }
      }
    }
  }
}
