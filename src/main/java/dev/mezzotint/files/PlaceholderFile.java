package dev.mezzotint.files;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Recognises files that a clone or a download left in place of the real ones. */
public final class PlaceholderFile {
  /** Bytes from a file's start that {@link #reason} needs. */
  public static final int START_BYTES = 64;

  private static final Map<String, String> STARTS =
      Map.of(
          "version https://git-lfs",
              "is a pointer of git-lfs, not the file itself: run git lfs pull",
          "# xet version", "is a pointer of git-xet, not the file itself: run git xet pull",
          "<!doctype html", "is an HTML page, not the file itself: download it again",
          "<html", "is an HTML page, not the file itself: download it again");

  private PlaceholderFile() {}

  /**
   * The same stream from its start.
   *
   * @throws IOException with the reason if it is not the real file's
   */
  public static InputStream refuse(InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in);
    buffered.mark(START_BYTES);
    Optional<String> reason = reason(buffered.readNBytes(START_BYTES));
    if (reason.isPresent()) {
      throw new IOException(reason.get());
    }
    buffered.reset();
    return buffered;
  }

  /**
   * What the file is instead, and what to do, for a sentence that begins with its name.
   *
   * @param start of the file: {@link #START_BYTES}, or the whole of a shorter one
   * @return empty for any other file
   */
  public static Optional<String> reason(byte[] start) {
    int length = Math.min(start.length, START_BYTES);
    String text =
        new String(start, 0, length, StandardCharsets.ISO_8859_1)
            .stripLeading()
            .toLowerCase(Locale.ROOT);
    return STARTS.entrySet().stream()
        .filter(known -> text.startsWith(known.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }
}
