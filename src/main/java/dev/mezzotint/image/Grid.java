package dev.mezzotint.image;

import java.util.Arrays;
import java.util.List;

/** Arranges images of one size in rows and columns on a white background. */
public final class Grid {
  private static final byte BACKGROUND = (byte) 0xFF;

  private Grid() {}

  /** Arranges images as near to a square as possible, with 2 pixels between and around them. */
  public static Pixels square(List<Pixels> images) {
    return of(images, (int) Math.ceil(Math.sqrt(images.size())), 2);
  }

  /**
   * Arranges images row by row; the last row may have empty places.
   *
   * @param images at least one, all of the same width, height and channels
   * @param padding pixels between neighbours and around the whole
   * @throws IllegalArgumentException if sizes differ or the grid is too large for one array
   */
  public static Pixels of(List<Pixels> images, int columns, int padding) {
    if (images.isEmpty() || columns < 1 || padding < 0) {
      throw new IllegalArgumentException(
          images.size() + " images in " + columns + " columns with padding " + padding);
    }
    Pixels first = images.get(0);
    int rows = (images.size() + columns - 1) / columns;
    long width = padding + (long) columns * (first.width() + padding);
    long height = padding + (long) rows * (first.height() + padding);
    if (width * height * first.channels() > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(
          "a grid of " + width + "×" + height + " pixels is too large");
    }
    Pixels grid =
        new Pixels(
            (int) width,
            (int) height,
            first.channels(),
            new byte[(int) (width * height) * first.channels()]);
    Arrays.fill(grid.bytes(), BACKGROUND);
    for (int i = 0; i < images.size(); i++) {
      int left = padding + i % columns * (first.width() + padding);
      int top = padding + i / columns * (first.height() + padding);
      paste(images.get(i), first, grid, left, top);
    }
    return grid;
  }

  private static void paste(Pixels image, Pixels first, Pixels grid, int left, int top) {
    if (!image.isShapedLike(first)) {
      throw new IllegalArgumentException("images of a grid must have the same size and channels");
    }
    int stride = image.width() * image.channels();
    for (int row = 0; row < image.height(); row++) {
      int to = ((top + row) * grid.width() + left) * grid.channels();
      System.arraycopy(image.bytes(), row * stride, grid.bytes(), to, stride);
    }
  }
}
