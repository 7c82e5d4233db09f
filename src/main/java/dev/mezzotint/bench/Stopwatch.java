package dev.mezzotint.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Counts and times operations by name. Safe for use by many threads. */
public final class Stopwatch {
  private final Map<String, long[]> countAndNanos = new TreeMap<>();
  private final Map<String, Long> marks = new TreeMap<>();

  <T> T time(String what, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      add(what, System.nanoTime() - start);
    }
  }

  synchronized void add(String what, long nanos) {
    long[] sum = countAndNanos.computeIfAbsent(what, w -> new long[2]);
    sum[0]++;
    sum[1] += nanos;
  }

  /** Records the current time under this name. */
  synchronized void mark(String what) {
    marks.put(what, System.nanoTime());
  }

  /** The last {@link #mark}, as {@link System#nanoTime}; 0 without one. */
  synchronized long marked(String what) {
    return marks.getOrDefault(what, 0L);
  }

  synchronized void reset() {
    countAndNanos.clear();
    marks.clear();
  }

  synchronized long count(String what) {
    return countAndNanos.getOrDefault(what, new long[2])[0];
  }

  synchronized double millis(String what) {
    return countAndNanos.getOrDefault(what, new long[2])[1] / 1e6;
  }
}
