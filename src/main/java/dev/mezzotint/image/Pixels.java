package dev.mezzotint.image;

/**
 * A picture of 8-bit samples.
 *
 * @param channels 1 grey, 3 RGB, 4 RGB and alpha
 * @param bytes height × width × channels, interleaved, rows from the top; the array itself, not a
 *     copy
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, and a copy would double the memory
public record Pixels(int width, int height, int channels, byte[] bytes) {
  public Pixels {
    if (width < 1 || height < 1 || (channels != 1 && channels != 3 && channels != 4)) {
      throw new IllegalArgumentException(
          "no picture is " + width + "×" + height + " with " + channels + " channels");
    }
    if (bytes.length != Math.multiplyExact(Math.multiplyExact(width, height), channels)) {
      throw new IllegalArgumentException(
          bytes.length + " bytes for " + width + "×" + height + "×" + channels);
    }
  }

  /**
   * The picture that a network's output stands for: round(255 · clamp(x / 2 + ½)).
   *
   * @param chw values in [−1, 1], channels × height × width from {@code offset} on; values beyond
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

  private static byte toByte(float x) {
    double share = Math.min(1, Math.max(0, x / 2.0 + 0.5));
    return (byte) (int) Math.round(255 * share);
  }

  /**
   * Writes the picture as channels × height × width floats in [−1, 1]: byte / 127.5 − 1, which
   * {@link #fromChw} takes back to the same byte.
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
