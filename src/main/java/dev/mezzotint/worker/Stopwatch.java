package dev.mezzotint.worker;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** How often things were done and how long they took, by name. Safe for use by many threads. */
final class Stopwatch {
  private final Map<String, long[]> countAndNanos = new TreeMap<>();

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

  /** Starts anew. */
  synchronized void reset() {
    countAndNanos.clear();
  }

  synchronized long count(String what) {
    return countAndNanos.getOrDefault(what, new long[2])[0];
  }

  synchronized double millis(String what) {
    return countAndNanos.getOrDefault(what, new long[2])[1] / 1e6;
  }
}
