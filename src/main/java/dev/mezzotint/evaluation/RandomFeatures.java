package dev.mezzotint.evaluation;

import dev.mezzotint.iadb.Noise;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Features of images from a small convolutional network with random weights from a fixed seed. Such
 * networks compare distributions fairly where networks trained on photographs do not fit the images
 * [1]. Values are comparable within this software only.
 *
 * <p>Four convolutions of 3×3 with 16, 32, 64 and 128 channels, each with ReLU, the first three
 * followed by averaging 2×2. The activations of all four, averaged on a grid of 4×4 places,
 * standardised by the reference images and weighted so that each convolution counts the same, are
 * projected at random to {@value #LENGTH} values f. The feature is f / √(1 + |f|²/{@value
 * #LENGTH}), which limits the influence of outliers.
 *
 * <p>[1] Naeem, Oh, Uh, Choi, Yoo: Reliable fidelity and diversity metrics for generative models.
 * ICML 2020. Immutable.
 */
final class RandomFeatures {
  /** Values of an image's feature. */
  static final int LENGTH = 128;

  private static final long SEED = 0x6665617475726573L;
  private static final int[] WIDTHS = {16, 32, 64, 128};
  private static final int GRID = 4;

  /** Minimum for an activation, as a share of the root of its convolution's mean variance. */
  private static final double DEVIATION_MIN = 0.5;

  private final double[] mean;
  private final float[] scale;
  private final float[] projection;

  /**
   * @param reference images whose features have mean 0 and deviation 1
   */
  RandomFeatures(ImageSet reference) {
    float[][] raw = activations(reference);
    int length = raw[0].length;
    this.mean = new double[length];
    this.scale = new float[length];
    double[] squares = new double[length];
    for (float[] row : raw) {
      for (int i = 0; i < length; i++) {
        mean[i] += row[i] / (double) raw.length;
        squares[i] += (double) row[i] * row[i] / raw.length;
      }
    }
    float[] weights = weights(reference.height(), reference.width());
    for (int from = 0; from < length; ) {
      int to = from;
      double variance = 0;
      while (to < length && weights[to] == weights[from]) { // of one convolution
        variance += Math.max(0, squares[to] - mean[to] * mean[to]);
        to++;
      }
      // Limits the weight of activations that are rarely non-zero.
      double least = Math.max(1e-3, DEVIATION_MIN * Math.sqrt(variance / (to - from)));
      for (int i = from; i < to; i++) {
        double deviation = Math.sqrt(Math.max(0, squares[i] - mean[i] * mean[i]));
        scale[i] = (float) (weights[i] / Math.max(least, deviation));
      }
      from = to;
    }
    this.projection = new float[length * LENGTH];
    Noise.gaussian(SEED, WIDTHS.length, projection, 0, projection.length);
  }

  float[][] of(ImageSet images) {
    float[][] raw = activations(images);
    float[][] features = new float[raw.length][LENGTH];
    for (int n = 0; n < raw.length; n++) {
      for (int i = 0; i < raw[n].length; i++) {
        float value = (float) (raw[n][i] - mean[i]) * scale[i];
        Kernels.add(features[n], value, projection, i * LENGTH);
      }
      double square = Kernels.dot(features[n], features[n]) / LENGTH;
      for (int k = 0; k < LENGTH; k++) {
        features[n][k] /= (float) Math.sqrt(1 + square);
      }
    }
    return features;
  }

  /** 1/√(4 n) for each activation, where n counts the activations of its convolution. */
  private static float[] weights(int height, int width) {
    float[] weights = {};
    int h = height;
    int w = width;
    for (int channels : WIDTHS) {
      int at = weights.length;
      int length = channels * Math.min(GRID, h) * Math.min(GRID, w);
      weights = Arrays.copyOf(weights, at + length);
      Arrays.fill(
          weights, at, at + length, (float) (1 / Math.sqrt((double) WIDTHS.length * length)));
      h = Math.max(1, h / 2);
      w = Math.max(1, w / 2);
    }
    return weights;
  }

  private static float[][] activations(ImageSet images) {
    float[][] kernels = kernels(images.channels());
    float[][] rows = new float[images.size()][];
    IntStream.range(0, rows.length).parallel().forEach(n -> rows[n] = row(images, n, kernels));
    return rows;
  }

  /** Per convolution: (input channel, row, column) × output channel, then the biases. */
  private static float[][] kernels(int channels) {
    float[][] kernels = new float[WIDTHS.length][];
    int in = channels;
    for (int stage = 0; stage < WIDTHS.length; stage++) {
      int out = WIDTHS[stage];
      kernels[stage] = new float[(9 * in + 1) * out];
      Noise.gaussian(SEED, stage, kernels[stage], 0, kernels[stage].length);
      float gain = (float) Math.sqrt(2.0 / (9 * in)); // keeps the activations' size, as He et al.
      for (int i = 0; i < kernels[stage].length; i++) {
        kernels[stage][i] *= i < 9 * in * out ? gain : 0.1f;
      }
      for (int c = 0; c < in; c++) {
        for (int o = 0; o < out; o += 2) {
          centre(kernels[stage], 9 * c * out + o, out);
        }
      }
      in = out;
    }
    return kernels;
  }

  /** Makes every other kernel ignore flat areas, whose colours would otherwise outweigh edges. */
  private static void centre(float[] kernel, int at, int step) {
    float mean = 0;
    for (int place = 0; place < 9; place++) {
      mean += kernel[at + place * step] / 9;
    }
    for (int place = 0; place < 9; place++) {
      kernel[at + place * step] -= mean;
    }
  }

  private static float[] row(ImageSet images, int n, float[][] kernels) {
    int h = images.height();
    int w = images.width();
    int channels = images.channels();
    float[] map = new float[images.stride()]; // pixel × channel from here on
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < h * w; i++) {
        map[i * channels + c] = images.values()[(n * channels + c) * h * w + i];
      }
    }
    float[] row = new float[weights(h, w).length];
    int at = 0;
    for (int stage = 0; stage < WIDTHS.length; stage++) {
      map = convolved(map, h, w, channels, kernels[stage], WIDTHS[stage]);
      channels = WIDTHS[stage];
      at = pooled(map, h, w, channels, row, at);
      if (stage + 1 < WIDTHS.length) {
        map = halved(map, h, w, channels);
        h = Math.max(1, h / 2);
        w = Math.max(1, w / 2);
      }
    }
    return row;
  }

  private static float[] convolved(
      float[] in, int h, int w, int channels, float[] kernel, int out) {
    float[] result = new float[h * w * out];
    float[] sums = new float[out];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        System.arraycopy(kernel, 9 * channels * out, sums, 0, out);
        for (int place = 0; place < 9; place++) {
          int fromY = Math.max(0, Math.min(h - 1, y + place / 3 - 1)); // clamped at the border
          int fromX = Math.max(0, Math.min(w - 1, x + place % 3 - 1));
          for (int c = 0; c < channels; c++) {
            float value = in[(fromY * w + fromX) * channels + c];
            Kernels.add(sums, value, kernel, (c * 9 + place) * out);
          }
        }
        for (int c = 0; c < out; c++) {
          result[(y * w + x) * out + c] = Math.max(0, sums[c]);
        }
      }
    }
    return result;
  }

  /** Means over a grid, appended to a row. */
  private static int pooled(float[] map, int h, int w, int channels, float[] row, int at) {
    int rows = Math.min(GRID, h);
    int columns = Math.min(GRID, w);
    int[] counts = new int[rows * columns];
    for (int i = 0; i < h * w; i++) {
      counts[i / w * rows / h * columns + i % w * columns / w]++;
    }
    for (int i = 0; i < h * w; i++) {
      int place = i / w * rows / h * columns + i % w * columns / w;
      for (int c = 0; c < channels; c++) {
        row[at + place * channels + c] += map[i * channels + c] / counts[place];
      }
    }
    return at + counts.length * channels;
  }

  private static float[] halved(float[] map, int h, int w, int channels) {
    int newH = Math.max(1, h / 2);
    int newW = Math.max(1, w / 2);
    float[] out = new float[newH * newW * channels];
    for (int y = 0; y < newH; y++) {
      for (int x = 0; x < newW; x++) {
        for (int place = 0; place < 4; place++) {
          int fromY = Math.min(h - 1, 2 * y + place / 2);
          int fromX = Math.min(w - 1, 2 * x + place % 2);
          for (int c = 0; c < channels; c++) {
            out[(y * newW + x) * channels + c] += map[(fromY * w + fromX) * channels + c] / 4;
          }
        }
      }
    }
    return out;
  }
}
