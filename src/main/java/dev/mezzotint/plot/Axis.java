package dev.mezzotint.plot;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis of a chart: maps values to pixels and places the ticks.
 *
 * @param low value at {@code start}; above 0 for a logarithmic axis
 * @param high value at {@code end}, above {@code low}
 * @param start pixel; may be right of or below {@code end}
 */
record Axis(double low, double high, boolean logarithmic, int start, int end) {
  private static final int TICKS_WANTED = 6;

  /**
   * Least ratio of the ends of a logarithmic axis, so that a single 1e-200 does not set the scale.
   */
  private static final double RATIO_MIN = 1e-12;

  /**
   * An axis for the range; logarithmic and single-valued ranges are widened, empty ones replaced.
   */
  static Axis spanning(double[] range, boolean logarithmic, int start, int end) {
    double low = range[0];
    double high = range[1];
    if (!(low <= high)) {
      low = logarithmic ? 0.1 : 0;
      high = 1;
    }
    if (logarithmic) {
      low = Math.max(low, high * RATIO_MIN);
      double margin = low == high ? 1.5 : Math.pow(high / low, 0.03);
      return new Axis(low / margin, high * margin, true, start, end);
    }
    if (low == high) {
      double margin = low == 0 ? 1 : Math.abs(low) / 2;
      return new Axis(low - margin, high + margin, false, start, end);
    }
    return new Axis(low, high, false, start, end);
  }

  double pixel(double value) {
    double share =
        logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return start + share * (end - start);
  }

  /** Tick values, rising: 1, 2 or 5 times a power of ten. */
  List<Double> ticks() {
    boolean narrow = logarithmic && high / low < 10;
    return logarithmic && !narrow ? decades() : even();
  }

  private List<Double> even() {
    double rough = (high - low) / TICKS_WANTED;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step =
        power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
    List<Double> ticks = new ArrayList<>();
    for (long k = (long) Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
      ticks.add(k * step);
    }
    return ticks;
  }

  private List<Double> decades() {
    int[] digits = high / low > 1e3 ? new int[] {1} : new int[] {1, 2, 5};
    List<Double> ticks = new ArrayList<>();
    for (int decade = (int) Math.floor(Math.log10(low)); Math.pow(10, decade) <= high; decade++) {
      for (int digit : digits) {
        double tick = digit * Math.pow(10, decade);
        if (tick >= low && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
