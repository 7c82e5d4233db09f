package dev.mezzotint.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** How often things were done and how long they took, by name. Safe for use by many threads. */
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

  /** Notes that this has just happened. */
  synchronized void mark(String what) {
    marks.put(what, System.nanoTime());
  }

  /** When it happened last, by {@link System#nanoTime}; 0 if never. */
  synchronized long marked(String what) {
    return marks.getOrDefault(what, 0L);
  }

  /** Starts anew. */
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
