package dev.mezzotint.iadb;

import java.util.ArrayList;
import java.util.List;

/**
 * The α after each step of a sampler: T + 1 values from 0 to 1.
 *
 * <p>{@link #UNIFORM} is the paper's and the default. {@link #COSINE} takes smaller steps near the
 * noise; {@link #shifted} moves steps towards the noise for images larger than those trained on;
 * {@link #listed} uses explicit values. Immutable.
 */
public final class AlphaSchedule {
  /** Upper limit of steps in a request; more than any sampler benefits from. */
  public static final int STEPS_MAX = 10_000;

  /** α_t = t / T. */
  public static final AlphaSchedule UNIFORM =
      new AlphaSchedule("uniform", (t, steps) -> (double) t / steps);

  /** α_t = 1 − cos(π t / 2T). {@link StrictMath} gives the same steps on every machine. */
  public static final AlphaSchedule COSINE =
      new AlphaSchedule("cosine", (t, steps) -> 1 - StrictMath.cos(Math.PI * t / (2.0 * steps)));

  /** α_t, rising from 0 at t = 0 to 1 at t = T. */
  private interface Curve {
    double at(int t, int steps);
  }

  private final String name;
  private final Curve curve;

  private AlphaSchedule(String name, Curve curve) {
    this.name = name;
    this.curve = curve;
  }

  /**
   * Parses {@code uniform}, {@code cosine}, {@code shift:S} (the uniform schedule {@link #shifted}
   * by S) or a list of alphas such as {@code 0,0.2,0.5,1}.
   *
   * @throws IllegalArgumentException listing the known names, or saying what is wrong with the list
   */
  public static AlphaSchedule parse(String text) {
    if (text.startsWith("shift:")) {
      return UNIFORM.shifted(number(text.substring("shift:".length())));
    }
    if (text.indexOf(',') >= 0) {
      List<Double> values = new ArrayList<>();
      for (String value : text.split(",", -1)) {
        values.add(number(value.strip()));
        if (values.size() > STEPS_MAX + 1) {
          break; // listed() rejects it
        }
      }
      return listed(values);
    }
    return switch (text) {
      case "uniform" -> UNIFORM;
      case "cosine" -> COSINE;
      default ->
          throw new IllegalArgumentException(
              "unknown schedule '" + text + "': use uniform, cosine, shift:S or a list of alphas");
    };
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' in the schedule is not a number", e);
    }
  }

  /**
   * This schedule with every α replaced by α′ = α / (s − (s − 1) α): with s = √(pixels now / pixels
   * in training) the visible share of noise is the same at the larger size.
   *
   * @param s in [0.01, 100]; above 1 spends more steps near the noise, 1 changes nothing
   */
  public AlphaSchedule shifted(double s) {
    if (!(s >= 0.01 && s <= 100)) {
      throw new IllegalArgumentException("shift is " + s + ", must be 0.01 to 100");
    }
    return new AlphaSchedule(
        name + " shifted by " + s,
        (t, steps) -> {
          double alpha = curve.at(t, steps);
          return alpha / (s - (s - 1) * alpha);
        });
  }

  /**
   * A schedule of explicit values, chosen by hand or optimised for one model. It serves T steps and
   * no other number.
   *
   * @param values T + 1 values, strictly rising from 0 to 1
   */
  public static AlphaSchedule listed(List<Double> values) {
    List<Double> kept = List.copyOf(values);
    int last = kept.size() - 1;
    if (last < 1 || last > STEPS_MAX || kept.get(0) != 0 || kept.get(last) != 1) {
      throw new IllegalArgumentException(
          "a list of alphas has 2 to " + (STEPS_MAX + 1) + " values, the first 0 and the last 1");
    }
    for (int t = 1; t <= last; t++) {
      if (!(kept.get(t) > kept.get(t - 1))) {
        throw new IllegalArgumentException(
            "alpha " + t + " is " + kept.get(t) + ", not above the one before it");
      }
    }
    return new AlphaSchedule(
        "listed",
        (t, steps) -> {
          if (steps != last) {
            throw new IllegalArgumentException(
                "steps is " + steps + ", but the list of alphas has " + last);
          }
          return kept.get(t);
        });
  }

  /**
   * α_0 = 0 … α_T = 1, strictly rising.
   *
   * @param steps T, 1 to {@link #STEPS_MAX}
   * @return T + 1 values, a new array
   */
  public double[] alphas(int steps) {
    return alphas(steps, 0, 1);
  }

  /**
   * The same curve scaled to other ends: from &gt; 0 for image-to-image, from &gt; to for inversion
   * (data to noise), which is {@code alphas(steps, to, from)} reversed.
   *
   * @param from in [0, 1]
   * @param to in [0, 1], different from {@code from}
   * @throws IllegalArgumentException naming the value that is out of range
   */
  public double[] alphas(int steps, double from, double to) {
    if (steps < 1 || steps > STEPS_MAX) {
      throw new IllegalArgumentException("steps is " + steps + ", must be 1 to " + STEPS_MAX);
    }
    if (!(from >= 0 && from <= 1 && to >= 0 && to <= 1) || from == to) {
      throw new IllegalArgumentException(
          "alpha runs from " + from + " to " + to + ": both must be in [0, 1] and differ");
    }
    double low = Math.min(from, to);
    double high = Math.max(from, to);
    double[] alphas = new double[steps + 1];
    for (int t = 0; t <= steps; t++) {
      double share = curve.at(t, steps);
      double alpha = t == 0 ? low : t == steps ? high : low + (high - low) * share;
      alphas[from < to ? t : steps - t] = alpha;
    }
    return alphas;
  }

  @Override
  public String toString() {
    return name;
  }
}
