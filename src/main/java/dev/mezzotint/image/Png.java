package dev.mezzotint.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes PNG files (ISO/IEC 15948) from 8-bit grey, RGB or RGBA: the same pixels give the same
 * bytes with the same zlib. Writes no metadata and uses no desktop classes. Safe for use by several
 * threads.
 */
public final class Png {
  /** zlib's default; 1 is about three times as fast, 9 gives files a few per cent smaller. */
  public static final int LEVEL_DEFAULT = 6;

  /** Length, type and checksum of a chunk. */
  static final int CHUNK_FRAME = 12;

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final int FILTERS = 5;

  private Png() {}

  /** Encodes a PNG file at {@link #LEVEL_DEFAULT}. */
  public static byte[] encode(Pixels pixels) {
    return encode(pixels, LEVEL_DEFAULT);
  }

  /**
   * Encodes a PNG file.
   *
   * @param level of deflate, 0 (stored) to 9 (smallest)
   */
  public static byte[] encode(Pixels pixels, int level) {
    if (level < 0 || level > 9) {
      throw new IllegalArgumentException("compression level is " + level + ", must be 0 to 9");
    }
    byte[] data = deflated(pixels, level);
    ByteArrayOutputStream out = new ByteArrayOutputStream(data.length + 64);
    begin(out, pixels);
    chunk(out, "IDAT", data);
    chunk(out, "IEND", new byte[0]);
    return out.toByteArray();
  }

  static void begin(ByteArrayOutputStream out, Pixels pixels) {
    out.writeBytes(SIGNATURE);
    chunk(out, "IHDR", header(pixels));
  }

  /**
   * The filtered and compressed pixels, the content of an IDAT chunk. Rows are compressed one by
   * one, so that a large image is held once.
   */
  static byte[] deflated(Pixels pixels, int level) {
    int stride = pixels.width() * pixels.channels();
    byte[] row = new byte[stride + 1];
    byte[] candidate = new byte[stride];
    byte[] buffer = new byte[64 * 1024];
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * 1024);
    Deflater deflater = new Deflater(level);
    try {
      for (int y = 0; y < pixels.height(); y++) {
        filter(pixels, y, row, candidate);
        deflater.setInput(row);
        for (int n = deflater.deflate(buffer); n > 0; n = deflater.deflate(buffer)) {
          out.write(buffer, 0, n);
        }
      }
      deflater.finish();
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static byte[] header(Pixels pixels) {
    byte colourType = (byte) (pixels.channels() == 1 ? 0 : pixels.channels() == 3 ? 2 : 6);
    return ByteBuffer.allocate(13)
        .putInt(pixels.width())
        .putInt(pixels.height())
        .put((byte) 8)
        .put(colourType)
        .put((byte) 0) // deflate
        .put((byte) 0) // the five standard filters
        .put((byte) 0) // not interlaced
        .array();
  }

  /** Writes the number of the filter of the least sum of absolute differences, and its row. */
  private static void filter(Pixels pixels, int y, byte[] row, byte[] candidate) {
    long best = Long.MAX_VALUE;
    for (int filter = 0; filter < FILTERS && best > 0; filter++) {
      long cost = filter(filter, pixels.bytes(), y, candidate.length, pixels.channels(), candidate);
      if (cost < best) {
        best = cost;
        row[0] = (byte) filter;
        System.arraycopy(candidate, 0, row, 1, candidate.length);
      }
    }
  }

  private static long filter(
      int filter, byte[] bytes, int row, int stride, int pixelBytes, byte[] out) {
    int at = row * stride;
    long cost = 0;
    for (int i = 0; i < stride; i++) {
      int left = i < pixelBytes ? 0 : bytes[at + i - pixelBytes] & 0xFF;
      int up = row == 0 ? 0 : bytes[at + i - stride] & 0xFF;
      int upLeft = row == 0 || i < pixelBytes ? 0 : bytes[at + i - stride - pixelBytes] & 0xFF;
      int predicted =
          switch (filter) {
            case 0 -> 0;
            case 1 -> left;
            case 2 -> up;
            case 3 -> (left + up) / 2;
            default -> paeth(left, up, upLeft);
          };
      out[i] = (byte) (bytes[at + i] - predicted);
      cost += Math.abs(out[i]);
    }
    return cost;
  }

  static int paeth(int left, int up, int upLeft) {
    int estimate = left + up - upLeft;
    int toLeft = Math.abs(estimate - left);
    int toUp = Math.abs(estimate - up);
    int toUpLeft = Math.abs(estimate - upLeft);
    if (toLeft <= toUp && toLeft <= toUpLeft) {
      return left;
    }
    return toUp <= toUpLeft ? up : upLeft;
  }

  static void chunk(ByteArrayOutputStream out, String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(name);
    out.writeBytes(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
