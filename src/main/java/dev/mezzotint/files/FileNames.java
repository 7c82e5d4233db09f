package dev.mezzotint.files;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Detects file names that this process cannot express, because of its locale or their bytes. */
public final class FileNames {
  private static final char REPLACEMENT = '\uFFFD';

  private FileNames() {}

  /** Why no file name beyond ASCII can be used, and what to set; empty where all can. */
  public static Optional<String> localeProblem() {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    return encoding.equalsIgnoreCase("UTF-8")
        ? Optional.empty()
        : Optional.of(
            "this process cannot use file names beyond ASCII, because its locale's encoding is "
                + encoding
                + ": start it with LC_ALL=C.UTF-8");
  }

  /** Why a name, as it was decoded, does not find its file; empty for an ordinary name. */
  public static Optional<String> problem(@Nullable String name) {
    if (name == null || name.chars().allMatch(c -> c < 0x80)) {
      return Optional.empty();
    }
    return localeProblem()
        .or(
            () ->
                name.indexOf(REPLACEMENT) >= 0
                    ? Optional.of("its name is not valid UTF-8: rename it")
                    : Optional.empty());
  }
}
