package dev.mezzotint.bench;

import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * When requests come: seconds from the beginning of a trace, rising.
 *
 * <p>Either read from a trace or drawn as a day with a quiet night and bursts, the case that an
 * autoscaler is for.
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record ScaleArrivals(double[] seconds) {
  private static final int ARRIVALS_MAX = 5_000_000;
  private static final double DAY_SECONDS = 86_400;
  private static final double BURST_SECONDS = 120;
  private static final double BURST_FACTOR = 8;
  private static final double BURSTS_PER_DAY = 12;

  public ScaleArrivals {
    Arrays.sort(seconds);
  }

  /**
   * One number a line, seconds from any beginning; further columns, empty lines, a heading and
   * lines that begin with # are passed over.
   *
   * @throws InvalidInputException if a line has no number, or there are none or too many
   */
  public static ScaleArrivals parse(List<String> lines) {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String first = lines.get(i).split(",", 2)[0].strip();
      if (first.isEmpty() || first.startsWith("#")) {
        continue;
      }
      try {
        double second = Double.parseDouble(first);
        if (Double.isNaN(second) || Double.isInfinite(second)) {
          throw new NumberFormatException(first);
        }
        all.add(second);
      } catch (NumberFormatException e) {
        if (!all.isEmpty() || i > 0) {
          throw new InvalidInputException(
              "--trace", "line " + (i + 1) + " of the trace must begin with seconds, not " + first);
        }
      }
    }
    if (all.isEmpty() || all.size() > ARRIVALS_MAX) {
      throw new InvalidInputException(
          "--trace", "a trace must have 1 to " + ARRIVALS_MAX + " arrivals, not " + all.size());
    }
    double[] seconds = all.stream().mapToDouble(Double::doubleValue).toArray();
    double start = Arrays.stream(seconds).min().orElse(0);
    return new ScaleArrivals(Arrays.stream(seconds).map(second -> second - start).toArray());
  }

  /**
   * A day: by night a tenth of the day's rate, and a dozen bursts of two minutes at eight times it.
   *
   * @param jobs about so many
   */
  public static ScaleArrivals day(int jobs, long seed) {
    Random random = new Random(seed);
    double[] bursts = random.doubles((long) BURSTS_PER_DAY, 0, DAY_SECONDS).toArray();
    double peak = 0;
    double area = 0;
    for (int minute = 0; minute < 1440; minute++) {
      double rate = rate(minute * 60.0, bursts);
      peak = Math.max(peak, rate);
      area += rate * 60;
    }
    // Thinning: draw at the highest rate, keep each with the share that its moment has of it.
    double highest = Math.max(peak, 1 + BURST_FACTOR) * jobs / area;
    List<Double> kept = new ArrayList<>();
    double at = 0;
    while (kept.size() < ARRIVALS_MAX) {
      at -= Math.log(1 - random.nextDouble()) / highest;
      if (at >= DAY_SECONDS) {
        break;
      }
      if (random.nextDouble() * highest < rate(at, bursts) * jobs / area) {
        kept.add(at);
      }
    }
    return new ScaleArrivals(kept.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static double rate(double at, double[] bursts) {
    double rate = 0.55 - 0.45 * Math.cos(2 * Math.PI * at / DAY_SECONDS);
    for (double burst : bursts) {
      if (at >= burst && at < burst + BURST_SECONDS) {
        return rate + BURST_FACTOR;
      }
    }
    return rate;
  }
}
