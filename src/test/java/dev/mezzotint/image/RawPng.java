package dev.mezzotint.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * Builds PNG files chunk by chunk, for depths, colour types and invalid headers that {@link Png}
 * never writes.
 */
final class RawPng {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  RawPng(int width, int height, int bitDepth, int colourType) {
    out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    chunk(
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) bitDepth)
            .put((byte) colourType)
            .array());
  }

  RawPng chunk(String type, byte... data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(name);
    out.writeBytes(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    return this;
  }

  /** Rows with their filter bytes, deflated. */
  byte[] rows(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    chunk("IDAT", deflated(raw));
    return chunk("IEND").bytes();
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  static byte[] deflated(byte[] raw) {
    ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(buffer)) {
      deflater.write(raw);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return buffer.toByteArray();
  }
}
