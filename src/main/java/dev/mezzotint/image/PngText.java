package dev.mezzotint.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Text chunks (tEXt) of PNG files: a keyword with a text in Latin-1, which image viewers and
 * libraries show. Stateless.
 */
public final class PngText {
  /** Signature and header, which precede all other chunks. */
  private static final int HEADER_BYTES = 33;

  private static final String TYPE = "tEXt";

  private PngText() {}

  /**
   * Adds a text to a PNG file.
   *
   * @param keyword 1 to 79 characters
   */
  public static byte[] add(byte[] png, String keyword, String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(png.length + text.length() + 100);
    out.write(png, 0, HEADER_BYTES);
    Png.chunk(out, TYPE, (keyword + "\0" + text).getBytes(StandardCharsets.ISO_8859_1));
    out.write(png, HEADER_BYTES, png.length - HEADER_BYTES);
    return out.toByteArray();
  }

  /** The first text with this keyword; empty also if this is not a PNG file. */
  public static Optional<String> find(byte[] file, String keyword) {
    if (!FileKind.matches(file, 0, "\u0089PNG")) {
      return Optional.empty();
    }
    String prefix = keyword + "\0";
    ByteBuffer chunks = ByteBuffer.wrap(file);
    int at = 8;
    while (at + Png.CHUNK_FRAME <= file.length) {
      int length = chunks.getInt(at);
      if (length < 0 || length > file.length - at - Png.CHUNK_FRAME) {
        return Optional.empty();
      }
      String type = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (type.equals(TYPE)) {
        String text = new String(file, at + 8, length, StandardCharsets.ISO_8859_1);
        if (text.startsWith(prefix)) {
          return Optional.of(text.substring(prefix.length()));
        }
      }
      at += Png.CHUNK_FRAME + length;
    }
    return Optional.empty();
  }
}
