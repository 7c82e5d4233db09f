package dev.mezzotint.image;

import java.util.Arrays;
import java.util.List;

/** Pictures of one size set in rows and columns on a light ground. */
public final class Grid {
  private static final byte GROUND = (byte) 0xFF;

  private Grid() {}

  /** As near to a square as the count allows, 2 pixels between the pictures and around them. */
  public static Pixels square(List<Pixels> pictures) {
    return of(pictures, (int) Math.ceil(Math.sqrt(pictures.size())), 2);
  }

  /**
   * Row by row; places left over in the last row stay empty.
   *
   * @param pictures at least one, all of the same width, height and channels
   * @param padding pixels between neighbours and around the whole
   * @throws IllegalArgumentException if sizes differ or the whole is too large for one array
   */
  public static Pixels of(List<Pixels> pictures, int columns, int padding) {
    if (pictures.isEmpty() || columns < 1 || padding < 0) {
      throw new IllegalArgumentException(
          pictures.size() + " pictures in " + columns + " columns, padding " + padding);
    }
    Pixels first = pictures.get(0);
    int rows = (pictures.size() + columns - 1) / columns;
    long width = padding + (long) columns * (first.width() + padding);
    long height = padding + (long) rows * (first.height() + padding);
    if (width * height * first.channels() > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException("a grid of " + width + "×" + height + " is too large");
    }
    Pixels grid =
        new Pixels(
            (int) width,
            (int) height,
            first.channels(),
            new byte[(int) (width * height) * first.channels()]);
    Arrays.fill(grid.bytes(), GROUND);
    for (int i = 0; i < pictures.size(); i++) {
      int left = padding + i % columns * (first.width() + padding);
      int top = padding + i / columns * (first.height() + padding);
      paste(pictures.get(i), first, grid, left, top);
    }
    return grid;
  }

  private static void paste(Pixels picture, Pixels first, Pixels grid, int left, int top) {
    if (picture.width() != first.width()
        || picture.height() != first.height()
        || picture.channels() != first.channels()) {
      throw new IllegalArgumentException("pictures of a grid differ in size or channels");
    }
    int stride = picture.width() * picture.channels();
    for (int row = 0; row < picture.height(); row++) {
      int to = ((top + row) * grid.width() + left) * grid.channels();
      System.arraycopy(picture.bytes(), row * stride, grid.bytes(), to, stride);
    }
  }
}
