package dev.mezzotint.evaluation;

import java.util.stream.IntStream;

/**
 * The power of images at each spatial frequency: |Fourier transform|² under a Hann window, averaged
 * over images, channels and directions.
 */
final class Spectrum {
  private Spectrum() {}

  /**
   * Mean power at 1, 2, … cycles per image, up to half the shorter side. A frequency (u, v) belongs
   * to the integer nearest to √(u² + v²).
   */
  static double[] radial(ImageSet images) {
    int h = images.height();
    int w = images.width();
    double[][] planes =
        IntStream.range(0, images.size() * images.channels())
            .parallel()
            .mapToObj(plane -> radial(images.values(), plane * h * w, h, w))
            .toArray(double[][]::new);
    double[] mean = new double[Math.min(h, w) / 2];
    for (double[] plane : planes) {
      for (int r = 0; r < mean.length; r++) {
        mean[r] += plane[r] / planes.length;
      }
    }
    return mean;
  }

  /** The mean absolute difference of two spectra in decibels. */
  static double error(double[] real, double[] other) {
    double sum = 0;
    for (int r = 0; r < real.length; r++) {
      sum += Math.abs(decibels(other[r]) - decibels(real[r]));
    }
    return sum / real.length;
  }

  /** Limited below by the power that rounding to 255 grey levels leaves. */
  static double decibels(double power) {
    return 10 * Math.log10(Math.max(1e-6, power));
  }

  private static double[] radial(float[] values, int at, int h, int w) {
    double mean = 0;
    for (int i = 0; i < h * w; i++) {
      mean += values[at + i] / (double) (h * w);
    }
    double[] power = power(values, at, h, w, mean);
    int bins = Math.min(h, w) / 2;
    double[] sums = new double[bins];
    int[] counts = new int[bins];
    for (int u = 0; u < h; u++) {
      for (int v = 0; v < w; v++) {
        // Cycles per shorter side, so that frequencies of oblong images are isotropic.
        double fu = Math.min(u, h - u) * (double) Math.min(h, w) / h;
        double fv = Math.min(v, w - v) * (double) Math.min(h, w) / w;
        int bin = (int) Math.round(Math.hypot(fu, fv)) - 1;
        if (bin >= 0 && bin < bins) {
          sums[bin] += power[u * w + v];
          counts[bin]++;
        }
      }
    }
    for (int r = 0; r < bins; r++) {
      sums[r] /= Math.max(1, counts[r]);
    }
    return sums;
  }

  /** |F(u, v)|² per pixel, by rows and then columns; a DFT, because sides are small. */
  private static double[] power(float[] values, int at, int h, int w, double mean) {
    double[] windowH = hann(h);
    double[] windowW = hann(w);
    double[] re = new double[h * w]; // row × v
    double[] im = new double[h * w];
    double[] cosW = waves(w, 0.25);
    double[] sinW = waves(w, 0);
    for (int y = 0; y < h; y++) {
      for (int v = 0; v < w; v++) {
        for (int x = 0; x < w; x++) {
          double value = (values[at + y * w + x] - mean) * windowH[y] * windowW[x];
          re[y * w + v] += value * cosW[x * v % w];
          im[y * w + v] -= value * sinW[x * v % w];
        }
      }
    }
    double[] cosH = waves(h, 0.25);
    double[] sinH = waves(h, 0);
    double[] power = new double[h * w];
    for (int u = 0; u < h; u++) {
      for (int v = 0; v < w; v++) {
        double a = 0;
        double b = 0;
        for (int y = 0; y < h; y++) {
          double c = cosH[y * u % h];
          double s = sinH[y * u % h];
          a += re[y * w + v] * c + im[y * w + v] * s;
          b += im[y * w + v] * c - re[y * w + v] * s;
        }
        power[u * w + v] = (a * a + b * b) / (h * w);
      }
    }
    return power;
  }

  private static double[] hann(int n) {
    double[] window = new double[n];
    for (int i = 0; i < n; i++) {
      window[i] = 0.5 - 0.5 * StrictMath.cos(2 * Math.PI * (i + 0.5) / n);
    }
    return window;
  }

  /** sin(2π (i/n + phase)). */
  private static double[] waves(int n, double phase) {
    double[] waves = new double[n];
    for (int i = 0; i < n; i++) {
      waves[i] = StrictMath.sin(2 * Math.PI * ((double) i / n + phase));
    }
    return waves;
  }
}
