package dev.mezzotint.dataset;

import dev.mezzotint.image.Pixels;

/**
 * Where a part of a fixed size is cut out of an image, independent of the image's size.
 *
 * @param across position from the left edge to the right, in [0, 1); every column where the part
 *     fits is as likely as any other if this is uniform
 * @param down position from the top to the bottom, likewise
 */
public record Crop(double across, double down) {
  public static final Crop CENTRE = new Crop(0.5, 0.5);

  public Crop {
    if (!(across >= 0 && across < 1 && down >= 0 && down < 1)) {
      throw new IllegalArgumentException("a crop cannot be at " + across + ", " + down);
    }
  }

  /** Cuts the part out of an image that is not smaller; one of this size is returned unchanged. */
  Pixels of(Pixels pixels, int width, int height) {
    return pixels.width() == width && pixels.height() == height
        ? pixels
        : pixels.part(
            (int) (across * (pixels.width() - width + 1)),
            (int) (down * (pixels.height() - height + 1)),
            width,
            height);
  }
}
