package dev.mezzotint.job;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** How a job stands against others that wait for the same device. */
public enum Priority {
  HIGH,
  NORMAL,
  LOW;

  /** The words of all priorities, highest first. */
  public static final List<String> WORDS = Stream.of(values()).map(Priority::wireName).toList();

  /** The word on the wire: the name in lower case. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @param word one of {@link #WORDS}
   */
  public static Priority of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
