package dev.mezzotint.worker;

import java.util.Set;
import java.util.stream.Collectors;

/** Lets tests of other packages see which settings there are. */
public final class WorkerSettings {
  private WorkerSettings() {}

  /** The names of all settings as properties, {@code mezzotint.lanes}. */
  public static Set<String> properties() {
    return ConfigReader.declarations().stream()
        .map(ConfigReader.Declaration::property)
        .collect(Collectors.toSet());
  }
}
