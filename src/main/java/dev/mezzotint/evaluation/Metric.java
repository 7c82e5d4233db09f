package dev.mezzotint.evaluation;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A metric of a model, with the same metric of real images as its floor.
 *
 * @param key for programs
 * @param label for people, with its unit
 * @param better which direction is better
 * @param floor of as many real images against real images
 * @param worst of images unrelated to their conditions; empty without conditions
 * @param baseline of images that fill each segment with its mean colour; empty without conditions
 */
public record Metric(
    String key,
    String label,
    Better better,
    Measured model,
    Measured floor,
    Optional<Measured> worst,
    Optional<Measured> baseline) {

  /** The direction of improvement. */
  public enum Better {
    LOWER,
    HIGHER,
    /** Neither above nor below the floor. */
    AS_FLOOR
  }

  /**
   * Mean over the repeats, and the standard deviation between them.
   *
   * @param spread 0 for a single repeat
   */
  public record Measured(double mean, double spread) {
    static Measured of(double... values) {
      double mean = 0;
      for (double value : values) {
        mean += value / values.length;
      }
      double squares = 0;
      for (double value : values) {
        squares += (value - mean) * (value - mean);
      }
      return new Measured(mean, values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)));
    }

    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("mean", rounded(mean));
      map.put("spread", rounded(spread));
      return map;
    }
  }

  public static Metric of(String key, String words, Better better, double[] model, double[] floor) {
    return new Metric(
        key,
        words,
        better,
        Measured.of(model),
        Measured.of(floor),
        Optional.empty(),
        Optional.empty());
  }

  Metric withWorst(double... values) {
    return new Metric(key, label, better, model, floor, Optional.of(Measured.of(values)), baseline);
  }

  Metric withBaseline(double... values) {
    return new Metric(key, label, better, model, floor, worst, Optional.of(Measured.of(values)));
  }

  /** The model's value divided by the floor's: 1 is as good as real. */
  public double ratio() {
    return model.mean / floor.mean;
  }

  /** The baseline's value divided by the model's; empty without a baseline. */
  public Optional<Double> baselineRatio() {
    return baseline.map(b -> b.mean / model.mean);
  }

  /** Five significant digits, more than a metric has; 0 for NaN, which JSON does not have. */
  private static double rounded(double value) {
    return Double.isFinite(value)
        ? new BigDecimal(value).round(new MathContext(5)).doubleValue()
        : 0;
  }

  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", model.toMap());
    map.put("floor", floor.toMap());
    if (Double.isFinite(ratio())) {
      map.put("ratio", rounded(ratio()));
    }
    worst.ifPresent(w -> map.put("worst", w.toMap()));
    baseline.ifPresent(b -> map.put("baseline", b.toMap()));
    baselineRatio().filter(Double::isFinite).ifPresent(r -> map.put("baselineRatio", rounded(r)));
    return map;
  }
}
