package dev.mezzotint.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the orientation in EXIF metadata, and nothing else of it: neither thumbnails nor the values
 * of other tags are touched.
 */
final class Exif {
  static final String PREFIX = "Exif\0\0";

  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /**
   * The orientation of the first image file directory.
   *
   * @param from of the TIFF header, or of {@link #PREFIX} before it
   * @return 1 to 8; 1, as in other programs, where it is missing or malformed
   */
  static int orientation(byte[] file, int from, int to) {
    int start = FileKind.matches(file, from, PREFIX) ? from + PREFIX.length() : from;
    if (start > to) {
      return 1;
    }
    ByteBuffer tiff = ByteBuffer.wrap(file, start, to - start).slice();
    try {
      boolean little = tiff.get(0) == 'I';
      tiff.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      if (tiff.getShort(0) != (little ? 0x4949 : 0x4D4D) || tiff.getShort(2) != 42) {
        return 1;
      }
      int directory = tiff.getInt(4);
      int entries = tiff.getShort(directory) & 0xFFFF;
      for (int i = 0; i < entries; i++) {
        int at = directory + 2 + 12 * i;
        if (tiff.getShort(at) == ORIENTATION) {
          int value = tiff.getShort(at + 2) == SHORT ? tiff.getShort(at + 8) : tiff.getInt(at + 8);
          return tiff.getInt(at + 4) == 1 && value >= 1 && value <= 8 ? value : 1;
        }
      }
    } catch (IndexOutOfBoundsException e) {
      return 1; // a directory outside the metadata
    }
    return 1;
  }
}
