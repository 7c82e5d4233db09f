package dev.mezzotint.evaluation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One figure of a model beside the same figure of real pictures.
 *
 * @param key for programs
 * @param words for people, with the unit
 * @param better which way is good
 * @param floor of real pictures against real pictures, as many
 * @param worst of pictures that have nothing to do with what was asked for; empty where there is no
 *     such thing
 * @param baseline of the mean colour of each segment, for models with a condition
 */
public record Metric(
    String key,
    String words,
    Better better,
    Measured model,
    Measured floor,
    Optional<Measured> worst,
    Optional<Measured> baseline) {

  /** Where a figure is to go. */
  public enum Better {
    LOWER,
    HIGHER,
    /** Both more and less than the floor say that something is wrong. */
    AS_FLOOR
  }

  /**
   * Mean over the repeats, and the standard deviation between them.
   *
   * @param spread 0 of a single repeat
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

  static Metric of(String key, String words, Better better, double[] model, double[] floor) {
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
    return new Metric(key, words, better, model, floor, Optional.of(Measured.of(values)), baseline);
  }

  Metric withBaseline(double... values) {
    return new Metric(key, words, better, model, floor, worst, Optional.of(Measured.of(values)));
  }

  /** The model's figure in units of the floor's: 1 is as good as real. */
  public double ratio() {
    return model.mean / floor.mean;
  }

  /** How many times the model's figure the trivial baseline's is; empty without one. */
  public Optional<Double> baselineRatio() {
    return baseline.map(b -> b.mean / model.mean);
  }

  /** Five significant digits: a figure has fewer. Never NaN, which JSON does not know. */
  private static double rounded(double value) {
    return Double.isFinite(value)
        ? new java.math.BigDecimal(value).round(new java.math.MathContext(5)).doubleValue()
        : 0;
  }

  /** For JSON. */
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
