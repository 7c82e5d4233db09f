package dev.mezzotint.dataset;

import java.util.Objects;

/** Mirrors an image in place: the cheapest way to double a set of things without left and right. */
public final class Flip {
  private Flip() {}

  /** Left becomes right in {@code chw[offset …]}, channels × height × width floats. */
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
