package dev.mezzotint.job;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Priority of a job among those that wait for the same device. */
public enum Priority {
  HIGH,
  NORMAL,
  LOW;

  /** Names of all priorities in requests, highest first. */
  public static final List<String> WIRE_NAMES =
      Stream.of(values()).map(Priority::wireName).toList();

  /** The name in requests: the constant's name in lower case. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The priority with this name.
   *
   * @param wireName one of {@link #WIRE_NAMES}
   */
  public static Priority of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }
}
