package dev.mezzotint.image;

/**
 * An image of 8-bit samples.
 *
 * @param channels 1 for grey, 3 for RGB, 4 for RGBA
 * @param bytes height × width × channels, interleaved, rows from the top; the array itself, not a
 *     copy
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy would double the memory
public record Pixels(int width, int height, int channels, byte[] bytes) {
  public Pixels {
    if (width < 1 || height < 1 || (channels != 1 && channels != 3 && channels != 4)) {
      throw new IllegalArgumentException(
          "an image cannot be " + width + "×" + height + " with " + channels + " channels");
    }
    if (bytes.length != Math.multiplyExact(Math.multiplyExact(width, height), channels)) {
      throw new IllegalArgumentException(
          bytes.length + " bytes for " + width + "×" + height + "×" + channels);
    }
  }

  /**
   * Converts a network's output to an image: round(255 · clamp(x / 2 + ½)).
   *
   * @param chw values in [−1, 1], channels × height × width from {@code offset} on; values outside
   *     are clamped, NaN becomes 0
   * @param channels 1 or 3
   */
  public static Pixels fromChw(float[] chw, int offset, int channels, int height, int width) {
    int plane = height * width;
    byte[] bytes = new byte[plane * channels];
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < plane; i++) {
        bytes[i * channels + c] = toByte(chw[offset + c * plane + i]);
      }
    }
    return new Pixels(width, height, channels, bytes);
  }

  /**
   * Converts to grey or RGB without alpha: grey is repeated, colour becomes its luma (ITU-R 601),
   * and transparent pixels are composed over white.
   *
   * @param wanted 1 or 3; an image with that many channels is returned unchanged
   */
  public Pixels withChannels(int wanted) {
    if (wanted != 1 && wanted != 3) {
      throw new IllegalArgumentException("channels is " + wanted + ", must be 1 or 3");
    }
    if (channels == wanted) {
      return this;
    }
    byte[] out = new byte[width * height * wanted];
    for (int i = 0; i < width * height; i++) {
      int at = i * channels;
      int alpha = channels == 4 ? bytes[at + 3] & 0xFF : 255;
      byte g = bytes[at + (channels > 1 ? 1 : 0)];
      byte b = bytes[at + (channels > 1 ? 2 : 0)];
      putOverWhite(out, i, wanted, bytes[at], g, b, alpha);
    }
    return new Pixels(width, height, wanted, out);
  }

  /** Writes one pixel of 1 or 3 channels, composed over white. */
  static void putOverWhite(
      byte[] out, int pixel, int channels, byte red, byte green, byte blue, int alpha) {
    int r = overWhite(red, alpha);
    int g = overWhite(green, alpha);
    int b = overWhite(blue, alpha);
    if (channels == 1) {
      // The weights add up to 1000, so equal samples keep their value.
      out[pixel] = (byte) ((299 * r + 587 * g + 114 * b + 500) / 1000);
    } else {
      out[3 * pixel] = (byte) r;
      out[3 * pixel + 1] = (byte) g;
      out[3 * pixel + 2] = (byte) b;
    }
  }

  private static int overWhite(byte sample, int alpha) {
    return ((sample & 0xFF) * alpha + 255 * (255 - alpha) + 127) / 255;
  }

  private static byte toByte(float x) {
    double share = Math.min(1, Math.max(0, x / 2.0 + 0.5));
    return (byte) (int) Math.round(255 * share);
  }

  boolean isShapedLike(Pixels other) {
    return width == other.width && height == other.height && channels == other.channels;
  }

  /** Copies a part of the image, all of which must be inside. */
  public Pixels part(int left, int top, int partWidth, int partHeight) {
    int row = partWidth * channels;
    byte[] out = new byte[partHeight * row];
    for (int y = 0; y < partHeight; y++) {
      System.arraycopy(bytes, ((top + y) * width + left) * channels, out, y * row, row);
    }
    return new Pixels(partWidth, partHeight, channels, out);
  }

  /**
   * Writes the image as channels × height × width floats in [−1, 1]: byte / 127.5 − 1, which {@link
   * #fromChw} converts back to the same byte.
   */
  public void toChw(float[] out, int offset) {
    int plane = height * width;
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < plane; i++) {
        out[offset + c * plane + i] = (bytes[i * channels + c] & 0xFF) / 127.5f - 1;
      }
    }
  }
}
