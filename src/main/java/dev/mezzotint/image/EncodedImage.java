package dev.mezzotint.image;

import java.io.IOException;

/**
 * An image file that is taken apart but not decoded: its structure is complete, and what its
 * metadata says about its samples is known. Used by one thread.
 */
abstract sealed class EncodedImage permits PngFile, JpegFile, WebpFile {
  static final byte[] NO_PROFILE = {};

  final String format;
  final byte[] file;

  /** As the samples are stored: an {@link #orientation} may turn them. */
  int width;

  int height;

  /** Samples of a pixel without its alpha: 1 for grey, 3 for RGB, 4 for CMYK (255 is full ink). */
  int colours;

  /** 1 to 8, as in EXIF. */
  int orientation = 1;

  EncodedImage(String format, byte[] file) {
    this.format = format;
    this.file = file;
  }

  /** The decoded pixels, from the first row to the last. */
  interface Samples {
    /**
     * Copies some pixels out.
     *
     * @param values {@link #colours} for each pixel
     * @param alpha one for each pixel; not touched where the image is opaque
     */
    void copy(int first, int count, byte[] values, byte[] alpha);
  }

  /** Memory for each pixel, on the heap and outside, from {@link #decode} on. */
  abstract int decodedBytesPerPixel();

  /**
   * The embedded ICC profile, or {@link #NO_PROFILE}.
   *
   * @throws IOException if it is incomplete, or the colours are described in a way that is not read
   */
  abstract byte[] profile() throws IOException;

  abstract Samples decode() throws IOException;

  final int uint8(int at) throws IOException {
    if (at >= file.length) {
      throw cutShort();
    }
    return file[at] & 0xFF;
  }

  final int uint16(int at) throws IOException {
    return uint8(at) << 8 | uint8(at + 1);
  }

  final boolean hasAscii(int at, String text) {
    return FileKind.matches(file, at, text);
  }

  final IOException cutShort() {
    return broken("it is cut short");
  }

  final IOException broken(String reason) {
    return new IOException("is a broken " + format + " file: " + reason);
  }

  /** A valid file of a kind that is not read. */
  final IOException unread(String with) {
    return new IOException("is a " + format + " file with " + with);
  }
}
