package dev.mezzotint.image;

import dev.mezzotint.files.PlaceholderFile;
import java.util.List;
import java.util.Optional;

/** Recognises, by their first bytes, files that are given in place of others. */
final class FileKind {
  /** Formats that are not read, with the bytes (one for each char) that their files begin with. */
  private static final List<String[]> FORMATS =
      List.of(
          new String[] {"a GIF", "GIF8"},
          new String[] {"a BMP", "BM"},
          new String[] {"a TIFF", "II*\0", "MM\0*", "II+\0", "MM\0+"},
          new String[] {"a JPEG XL", "\u00FF\n", "\0\0\0\fJXL "},
          new String[] {"a JPEG 2000", "\0\0\0\fjP  ", "\u00FFO\u00FFQ"},
          new String[] {"a Photoshop", "8BPS"},
          new String[] {"an OpenEXR", "v/1\u0001"},
          new String[] {"a Radiance HDR", "#?RADIANCE", "#?RGBE"},
          new String[] {"a QOI", "qoif"},
          new String[] {"an ICO", "\0\0\u0001\0"},
          new String[] {"a DDS", "DDS "},
          new String[] {"a PNM", "P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n"},
          new String[] {"a PDF", "%PDF"},
          new String[] {"a zip", "PK\u0003\u0004"},
          new String[] {"a gzip", "\u001F\u008B"},
          new String[] {"an SVG or other XML", "<"});

  private FileKind() {}

  /**
   * What a file is.
   *
   * @param file the whole file, or its beginning
   * @return the predicate of a sentence whose subject is the file's name; empty for other files,
   *     and for PNG, JPEG and WebP
   */
  static Optional<String> of(byte[] file) {
    Optional<String> placeholder = PlaceholderFile.reason(file);
    if (placeholder.isPresent()) {
      return placeholder;
    }
    if (matches(file, 4, "ftyp")) {
      return Optional.of("is " + mediaFormat(file) + " file");
    }
    for (String[] format : FORMATS) {
      for (int i = 1; i < format.length; i++) {
        if (matches(file, 0, format[i])) {
          return Optional.of("is " + format[0] + " file");
        }
      }
    }
    return Optional.empty();
  }

  /** The format of a file in ISO's container, by its major brand. */
  private static String mediaFormat(byte[] file) {
    if (matches(file, 8, "avi")) {
      return "an AVIF";
    }
    boolean heif =
        matches(file, 8, "hei")
            || matches(file, 8, "hev")
            || matches(file, 8, "mif")
            || matches(file, 8, "msf");
    return heif ? "a HEIC" : "an MP4 or QuickTime";
  }

  /** Whether the file has these bytes, one for each char, at a position. */
  static boolean matches(byte[] file, int at, String bytes) {
    if (at < 0 || at + bytes.length() > file.length) {
      return false;
    }
    for (int i = 0; i < bytes.length(); i++) {
      if (file[at + i] != (byte) bytes.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
