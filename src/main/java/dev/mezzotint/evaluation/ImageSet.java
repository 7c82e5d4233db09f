package dev.mezzotint.evaluation;

import java.util.Arrays;

/**
 * Pictures of one size in memory.
 *
 * @param values size × channels × height × width in C order; pictures in [−1, 1]; the array itself,
 *     not a copy
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, and a copy would double the memory
public record ImageSet(int size, int channels, int height, int width, float[] values) {
  public ImageSet {
    long wanted = (long) size * channels * height * width;
    if (size < 0 || channels < 1 || height < 1 || width < 1 || values.length != wanted) {
      throw new IllegalArgumentException(
          "%d values for %d pictures of %d×%d×%d"
              .formatted(values.length, size, channels, height, width));
    }
  }

  /** Pictures of the same shape as these, all values 0. */
  ImageSet blank(int count) {
    return new ImageSet(count, channels, height, width, new float[count * stride()]);
  }

  /** Values of one picture. */
  public int stride() {
    return channels * height * width;
  }

  /** Values of one channel. */
  int plane() {
    return height * width;
  }

  /** Those pictures, copied, in that order. */
  public ImageSet select(int... which) {
    ImageSet chosen = blank(which.length);
    for (int i = 0; i < which.length; i++) {
      System.arraycopy(values, which[i] * stride(), chosen.values, i * stride(), stride());
    }
    return chosen;
  }

  /** Values beyond [−1, 1] brought to its ends: what a picture file would hold. */
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
          "pictures of %d×%d×%d and of %d×%d×%d"
              .formatted(channels, height, width, other.channels, other.height, other.width));
    }
  }
}
