package dev.mezzotint.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Measures the consecutive parts of a start. Thread-safe. */
final class StartupTimings {
  private final List<String> laps = new ArrayList<>();
  private long since = System.nanoTime();

  /** Ends a part of the start. */
  synchronized void lap(String what) {
    long now = System.nanoTime();
    laps.add(String.format(Locale.ROOT, "%s %.1f s", what, (now - since) / 1e9));
    since = now;
  }

  @Override
  public synchronized String toString() {
    return String.join(", ", laps);
  }
}
