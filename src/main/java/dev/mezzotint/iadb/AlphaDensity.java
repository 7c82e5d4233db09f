package dev.mezzotint.iadb;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The probability density from which training draws α. The paper draws it uniformly; more draws are
 * worth more where the field is hard to learn. The learned field is the same in the limit, since
 * each α has its own mean; the density decides where a network of limited size becomes accurate
 * first.
 *
 * <table>
 *   <tr><th>name</th><th>α</th><th></th></tr>
 *   <tr><td>{@code uniform}</td><td>u</td><td>u uniform in [0, 1)</td></tr>
 *   <tr><td>{@code logit-normal:m,s}</td><td>1/(1 + e^−(m + s·z))</td><td>z normal; the middle for
 *       (0, 1) [1]</td></tr>
 *   <tr><td>{@code mode:s}</td><td>1 − u − s·(cos²(πu/2) − 1 + u)</td><td>the middle for s &gt; 0,
 *       the ends for s &lt; 0 [1]</td></tr>
 *   <tr><td>{@code u-shaped:a}</td><td>(1 + asinh((2u − 1)·sinh a)/a)/2</td><td>density ∝ cosh(a·(2α
 *       − 1)): the ends, for reflow pairs [2]</td></tr>
 * </table>
 *
 * <p>[1] Esser et al.: Scaling rectified flow transformers, 2024, section 3.1. [2] Lee et al.:
 * Improving the training of rectified flows, 2024. Immutable.
 *
 * @param first m, s or a
 * @param second s of the logit-normal; 0 for the others
 */
public record AlphaDensity(Kind kind, double first, double second) {
  /** Uniform, as in the paper. */
  public static final AlphaDensity UNIFORM = new AlphaDensity(Kind.UNIFORM, 0, 0);

  /** Beyond this s, {@code mode} is no longer monotonic. */
  private static final double MODE_MAX = 2 / (Math.PI - 2);

  /** The largest float below 1: at α = 1 there is no direction to learn. */
  private static final double BELOW_ONE = 1 - 0x1p-24;

  /** The families; their default parameters are those that the papers recommend. */
  public enum Kind {
    UNIFORM,
    LOGIT_NORMAL(0, 1),
    MODE(1.29),
    U_SHAPED(4);

    private final double[] defaults;

    Kind(double... standard) {
      this.defaults = standard;
    }

    String wireName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public AlphaDensity {
    boolean valid =
        switch (kind) {
          case UNIFORM -> first == 0 && second == 0;
          case LOGIT_NORMAL -> Math.abs(first) <= 10 && second > 0 && second <= 10;
          case MODE -> first >= -1 && first <= MODE_MAX && second == 0;
          case U_SHAPED -> first > 0 && first <= 20 && second == 0;
        };
    if (!valid) {
      throw new IllegalArgumentException(
          kind.wireName()
              + " has parameters out of range: logit-normal takes a mean of -10 to 10 and a"
              + " deviation above 0 and up to 10, mode -1 to 1.75, u-shaped above 0 and up to 20");
    }
  }

  /**
   * Parses {@code uniform}, {@code mode}, {@code logit-normal:0,1} and the like.
   *
   * @throws IllegalArgumentException with a message that says what is accepted
   */
  public static AlphaDensity parse(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    Kind kind =
        Arrays.stream(Kind.values())
            .filter(each -> each.wireName().equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("must be one of " + wireNames()));
    if (colon < 0) {
      return of(kind, kind.defaults);
    }
    double[] parameters;
    try {
      parameters =
          Arrays.stream(text.substring(colon + 1).split(",", -1))
              .mapToDouble(Double::parseDouble)
              .toArray();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("must have numbers after ':'", e);
    }
    if (parameters.length != kind.defaults.length) {
      throw new IllegalArgumentException(
          name + " takes " + kind.defaults.length + " numbers, not " + parameters.length);
    }
    return of(kind, parameters);
  }

  private static AlphaDensity of(Kind kind, double[] parameters) {
    return new AlphaDensity(
        kind, parameters.length > 0 ? parameters[0] : 0, parameters.length > 1 ? parameters[1] : 0);
  }

  /** The text that {@link #parse} reads. */
  public String wireName() {
    return switch (kind) {
      case UNIFORM -> kind.wireName();
      case LOGIT_NORMAL -> kind.wireName() + ":" + first + "," + second;
      case MODE, U_SHAPED -> kind.wireName() + ":" + first;
    };
  }

  private static List<String> wireNames() {
    return Arrays.stream(Kind.values()).map(Kind::wireName).collect(Collectors.toList());
  }

  /** Draws α in [0, 1); the same value on every machine. */
  public double alpha(long seed, long index) {
    double u = Noise.uniform(seed, index, 0);
    double alpha =
        switch (kind) {
          case UNIFORM -> u;
          case LOGIT_NORMAL -> 1 / (1 + StrictMath.exp(-(first + second * normal(seed, index))));
          case MODE -> {
            double cos = StrictMath.cos(Math.PI * u / 2);
            yield 1 - u - first * (cos * cos - 1 + u);
          }
          case U_SHAPED -> (1 + asinh((2 * u - 1) * StrictMath.sinh(first)) / first) / 2;
        };
    return Math.max(0, Math.min(BELOW_ONE, alpha));
  }

  private static double normal(long seed, long index) {
    float[] z = new float[1];
    Noise.gaussian(seed, index, z, 0, 1);
    return z[0];
  }

  private static double asinh(double x) {
    double size = Math.abs(x);
    return Math.copySign(StrictMath.log(size + Math.sqrt(size * size + 1)), x);
  }
}
