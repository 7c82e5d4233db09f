package dev.mezzotint.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a process does for the system; all of it by default. */
public enum Role {
  /** Takes generation requests; holds a device. */
  GENERATION,
  /** Takes training requests; holds a device. */
  TRAINING,
  /** Ends jobs that wait and are called off or late, and sweeps up; needs no device. */
  CONTROL;

  public static final List<String> WORDS = Arrays.stream(values()).map(Role::word).toList();

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @param word one of {@link #WORDS}
   */
  public static Role of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  public static String words(Collection<Role> roles) {
    return roles.stream().map(Role::word).collect(Collectors.joining(", "));
  }
}
