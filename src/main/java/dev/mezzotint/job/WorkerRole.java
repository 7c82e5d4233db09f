package dev.mezzotint.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a process does for the system; all of it by default. */
public enum WorkerRole {
  /** Takes generation requests; holds a device. */
  GENERATION,
  /** Takes training requests; holds a device. */
  TRAINING,
  /** Ends jobs that wait and are called off or late, and sweeps up; needs no device. */
  CONTROL;

  public static final List<String> WORDS =
      Arrays.stream(values()).map(WorkerRole::wireName).toList();

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @param word one of {@link #WORDS}
   */
  public static WorkerRole of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  public static String words(Collection<WorkerRole> roles) {
    return roles.stream().map(WorkerRole::wireName).collect(Collectors.joining(", "));
  }
}
