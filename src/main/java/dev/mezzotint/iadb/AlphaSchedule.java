package dev.mezzotint.iadb;

import java.util.List;

/**
 * Where α stands after each step of a sampler: T + 1 values from 0 to 1.
 *
 * <p>Uniform is the paper's and the default. {@link Cosine} takes smaller steps near the noise;
 * {@link Shifted} moves steps towards it for pictures larger than those trained on. Immutable.
 */
public sealed interface AlphaSchedule {
  /** More steps than any sampler profits from; bounds what a request can ask for. */
  int STEPS_MAX = 10_000;

  AlphaSchedule UNIFORM = new Uniform();
  AlphaSchedule COSINE = new Cosine();

  /**
   * The curve g: [0, 1] → [0, 1] with g(0) = 0 and g(1) = 1, rising; α_t = g(t / T).
   *
   * @param steps T, for schedules that are a list of values rather than a curve
   */
  double at(int t, int steps);

  /**
   * α_0 = 0 … α_T = 1, strictly rising.
   *
   * @param steps T, 1 to {@link #STEPS_MAX}
   * @return T + 1 values, a new array
   */
  default double[] alphas(int steps) {
    return alphas(steps, 0, 1);
  }

  /**
   * The same curve fitted between two other ends: from &gt; 0 for image-to-image, from &gt; to for
   * inversion (data to noise), which walks the very values of {@code alphas(steps, to, from)}
   * backwards.
   *
   * @param from in [0, 1]
   * @param to in [0, 1], different from {@code from}
   * @throws IllegalArgumentException naming what is out of range
   */
  default double[] alphas(int steps, double from, double to) {
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
      double alpha = t == 0 ? low : t == steps ? high : low + (high - low) * at(t, steps);
      alphas[from < to ? t : steps - t] = alpha;
    }
    return alphas;
  }

  /**
   * The schedule that a request's word names: {@code uniform} or {@code cosine}.
   *
   * @throws IllegalArgumentException naming the known words
   */
  static AlphaSchedule parse(String word) {
    return switch (word) {
      case "uniform" -> UNIFORM;
      case "cosine" -> COSINE;
      default ->
          throw new IllegalArgumentException(
              "unknown schedule '" + word + "': use uniform or cosine");
    };
  }

  /** α_t = t / T. */
  record Uniform() implements AlphaSchedule {
    @Override
    public double at(int t, int steps) {
      return (double) t / steps;
    }
  }

  /** α_t = 1 − cos(π t / 2T). {@link StrictMath}, so that every machine takes the same steps. */
  record Cosine() implements AlphaSchedule {
    @Override
    public double at(int t, int steps) {
      return 1 - StrictMath.cos(Math.PI * t / (2.0 * steps));
    }
  }

  /**
   * α′ = α / (s − (s − 1) α) over another schedule: s = √(pixels now / pixels in training) keeps
   * the share of noise that the eye sees at the larger size. s = 1 changes nothing.
   *
   * @param s in [0.01, 100]; above 1 spends more steps near the noise
   */
  record Shifted(AlphaSchedule base, double s) implements AlphaSchedule {
    public Shifted {
      if (!(s >= 0.01 && s <= 100)) {
        throw new IllegalArgumentException("shift is " + s + ", must be 0.01 to 100");
      }
    }

    @Override
    public double at(int t, int steps) {
      double alpha = base.at(t, steps);
      return alpha / (s - (s - 1) * alpha);
    }
  }

  /**
   * Values chosen by hand or found for one model.
   *
   * @param values T + 1 values, strictly rising from 0 to 1
   */
  record Listed(List<Double> values) implements AlphaSchedule {
    public Listed {
      values = List.copyOf(values);
      int last = values.size() - 1;
      if (last < 1 || last > STEPS_MAX || values.get(0) != 0 || values.get(last) != 1) {
        throw new IllegalArgumentException(
            "a list of alphas has 2 to " + (STEPS_MAX + 1) + " values, the first 0 and the last 1");
      }
      for (int t = 1; t <= last; t++) {
        if (!(values.get(t) > values.get(t - 1))) {
          throw new IllegalArgumentException(
              "alpha " + t + " is " + values.get(t) + ", not above the one before it");
        }
      }
    }

    @Override
    public double at(int t, int steps) {
      if (steps != values.size() - 1) {
        throw new IllegalArgumentException(
            "steps is " + steps + ", but the list of alphas has " + (values.size() - 1));
      }
      return values.get(t);
    }
  }
}
