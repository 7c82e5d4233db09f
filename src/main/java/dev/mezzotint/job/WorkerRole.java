package dev.mezzotint.job;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Task of a worker process; a process has all roles by default. */
public enum WorkerRole {
  /** Processes generation requests; needs a device. */
  GENERATION,
  /** Processes training requests; needs a device. */
  TRAINING,
  /** Ends waiting jobs that are cancelled or late, and removes orphans; needs no device. */
  CONTROL;

  public static final List<String> WIRE_NAMES =
      Arrays.stream(values()).map(WorkerRole::wireName).toList();

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The role with this name.
   *
   * @param wireName one of {@link #WIRE_NAMES}
   */
  public static WorkerRole of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  public static String words(Collection<WorkerRole> roles) {
    return roles.stream().map(WorkerRole::wireName).collect(Collectors.joining(", "));
  }
}
