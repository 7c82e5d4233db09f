package dev.mezzotint.evaluation;

import java.util.Arrays;

/**
 * Images of one size in memory.
 *
 * @param values size × channels × height × width in C order; images in [−1, 1]; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy would double the memory
public record ImageSet(int size, int channels, int height, int width, float[] values) {
  public ImageSet {
    long wanted = (long) size * channels * height * width;
    if (size < 0 || channels < 1 || height < 1 || width < 1 || values.length != wanted) {
      throw new IllegalArgumentException(
          "%s values for %s images of %s×%s×%s"
              .formatted(values.length, size, channels, height, width));
    }
  }

  /** Images of the same shape, all values 0. */
  ImageSet blank(int count) {
    return new ImageSet(count, channels, height, width, new float[count * stride()]);
  }

  /** Number of values of an image. */
  public int stride() {
    return channels * height * width;
  }

  /** Number of values of a channel. */
  int plane() {
    return height * width;
  }

  /** Copies of the images at these indices, in that order. */
  public ImageSet select(int... indices) {
    ImageSet chosen = blank(indices.length);
    for (int i = 0; i < indices.length; i++) {
      System.arraycopy(values, indices[i] * stride(), chosen.values, i * stride(), stride());
    }
    return chosen;
  }

  /** A copy with values clamped to [−1, 1], as in an image file. */
  ImageSet clamped() {
    float[] clamped = Arrays.copyOf(values, values.length);
    for (int i = 0; i < clamped.length; i++) {
      clamped[i] = Math.max(-1, Math.min(1, clamped[i]));
    }
    return new ImageSet(size, channels, height, width, clamped);
  }

  void checkLike(ImageSet other) {
    if (other.channels != channels || other.height != height || other.width != width) {
      throw new IllegalArgumentException(
          "images of %s×%s×%s and of %s×%s×%s"
              .formatted(channels, height, width, other.channels, other.height, other.width));
    }
  }
}
