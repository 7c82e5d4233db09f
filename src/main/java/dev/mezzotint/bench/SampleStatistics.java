package dev.mezzotint.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * Median and range of repeated measurements.
 *
 * @param sorted in ascending order, at least one
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SampleStatistics(double[] sorted) {
  public static SampleStatistics of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new SampleStatistics(sorted);
  }

  public double median() {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  double min() {
    return sorted[0];
  }

  double max() {
    return sorted[sorted.length - 1];
  }

  /** {@code median (min to max)}. */
  public String text(String format) {
    return String.format(
        Locale.ROOT, format + " (" + format + " to " + format + ")", median(), min(), max());
  }

  /** For the report. */
  public Map<String, Object> toMap() {
    return Map.of("median", median(), "min", min(), "max", max(), "n", sorted.length);
  }
}
