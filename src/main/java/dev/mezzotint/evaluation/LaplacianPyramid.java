package dev.mezzotint.evaluation;

import java.util.ArrayList;
import java.util.List;

/**
 * The Laplacian pyramid of images [1]: each level holds what the next coarser one cannot represent,
 * the last the rest. The filter is the binomial (1 4 6 4 1)/16 with mirrored edges.
 *
 * <p>[1] Burt, Adelson: The Laplacian pyramid as a compact image code. IEEE Trans. Comm. 31, 1983.
 */
final class LaplacianPyramid {
  /** Minimum side of a level: two patches of the sliced distance must fit next to each other. */
  static final int SIDE_MIN = 14;

  private static final float[] BINOMIAL = {1 / 16f, 4 / 16f, 6 / 16f, 4 / 16f, 1 / 16f};

  private LaplacianPyramid() {}

  /** Finest first. Level i has the sides of the images divided by 2^i. */
  static List<ImageSet> levels(ImageSet images) {
    List<ImageSet> levels = new ArrayList<>();
    ImageSet rest = images;
    while (halves(rest.height()) && halves(rest.width())) {
      ImageSet coarse = down(rest);
      levels.add(difference(rest, coarse));
      rest = coarse;
    }
    levels.add(rest);
    return levels;
  }

  private static boolean halves(int side) {
    return side % 2 == 0 && side / 2 >= SIDE_MIN;
  }

  private static ImageSet down(ImageSet p) {
    int h = p.height() / 2;
    int w = p.width() / 2;
    int planes = p.size() * p.channels();
    float[] out = new float[planes * h * w];
    float[] blurred = new float[p.plane()];
    for (int plane = 0; plane < planes; plane++) {
      blur(p.values(), plane * p.plane(), p.height(), p.width(), 1, blurred);
      for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
          out[(plane * h + y) * w + x] = blurred[2 * y * p.width() + 2 * x];
        }
      }
    }
    return new ImageSet(p.size(), p.channels(), h, w, out);
  }

  /** The fine images less the upsampled coarse ones. */
  private static ImageSet difference(ImageSet fine, ImageSet coarse) {
    float[] out = new float[fine.values().length];
    float[] spread = new float[fine.plane()];
    float[] up = new float[fine.plane()];
    for (int plane = 0; plane < fine.size() * fine.channels(); plane++) {
      for (int y = 0; y < coarse.height(); y++) {
        for (int x = 0; x < coarse.width(); x++) {
          int from = (plane * coarse.height() + y) * coarse.width() + x;
          spread[2 * y * fine.width() + 2 * x] = coarse.values()[from];
        }
      }
      blur(spread, 0, fine.height(), fine.width(), 4, up); // a quarter of the pixels is set
      for (int i = 0; i < up.length; i++) {
        out[plane * up.length + i] = fine.values()[plane * up.length + i] - up[i];
      }
    }
    return new ImageSet(fine.size(), fine.channels(), fine.height(), fine.width(), out);
  }

  private static void blur(float[] in, int at, int height, int width, float gain, float[] out) {
    float[] across = new float[height * width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        float sum = 0;
        for (int k = -2; k <= 2; k++) {
          sum += BINOMIAL[k + 2] * in[at + y * width + mirrored(x + k, width)];
        }
        across[y * width + x] = sum;
      }
    }
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        float sum = 0;
        for (int k = -2; k <= 2; k++) {
          sum += BINOMIAL[k + 2] * across[mirrored(y + k, height) * width + x];
        }
        out[y * width + x] = gain * sum;
      }
    }
  }

  /** … 2 1 0 1 2 … n−2 n−1 n−2 …; keeps even indices even for even n, as upsampling needs. */
  private static int mirrored(int i, int n) {
    int m = Math.abs(i);
    return m < n ? m : 2 * (n - 1) - m;
  }
}
