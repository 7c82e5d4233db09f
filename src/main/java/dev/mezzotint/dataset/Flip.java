package dev.mezzotint.dataset;

import java.util.Objects;

/** Mirrors images, which augments a set of things that have no left and right. */
public final class Flip {
  private Flip() {}

  /** Mirrors {@code chw[offset …]}, channels × height × width floats, left to right in place. */
  public static void horizontal(float[] chw, int offset, int channels, int height, int width) {
    int rows = channels * height;
    Objects.checkFromIndexSize(offset, rows * width, chw.length);
    for (int row = 0; row < rows; row++) {
      int left = offset + row * width;
      for (int right = left + width - 1; left < right; left++, right--) {
        float kept = chw[left];
        chw[left] = chw[right];
        chw[right] = kept;
      }
    }
  }
}
