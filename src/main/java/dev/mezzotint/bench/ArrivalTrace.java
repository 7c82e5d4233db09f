package dev.mezzotint.bench;

import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Arrival times of requests, read from a file or drawn as a day with a quiet night and bursts.
 *
 * @param seconds from the start of the trace, sorted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ArrivalTrace(double[] seconds) {
  private static final int ARRIVALS_MAX = 5_000_000;
  private static final double DAY_SECONDS = 86_400;
  private static final double BURST_SECONDS = 120;
  private static final double BURST_FACTOR = 8;
  private static final double BURSTS_PER_DAY = 12;

  public ArrivalTrace {
    Arrays.sort(seconds);
  }

  /**
   * Parses one number a line, seconds from any origin; other columns, empty lines, a heading and
   * lines that begin with # are ignored.
   *
   * @throws InvalidInputException if a line has no number, or there are none or too many
   */
  public static ArrivalTrace parse(List<String> lines) {
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
              "--trace", "line " + (i + 1) + " of the trace must start with seconds, not " + first);
        }
      }
    }
    if (all.isEmpty() || all.size() > ARRIVALS_MAX) {
      throw new InvalidInputException(
          "--trace", "a trace must have 1 to " + ARRIVALS_MAX + " arrivals, not " + all.size());
    }
    double start = Collections.min(all);
    return new ArrivalTrace(all.stream().mapToDouble(second -> second - start).toArray());
  }

  /**
   * Draws a day: the rate at night is a tenth of the rate at noon, and a dozen bursts of two
   * minutes add eight times that rate.
   *
   * @param jobs approximate number of jobs
   */
  public static ArrivalTrace day(int jobs, long seed) {
    Random random = new Random(seed);
    double[] bursts = random.doubles((long) BURSTS_PER_DAY, 0, DAY_SECONDS).toArray();
    double peak = 0;
    double area = 0;
    for (int minute = 0; minute < 1440; minute++) {
      double rate = rate(minute * 60.0, bursts);
      peak = Math.max(peak, rate);
      area += rate * 60;
    }
    // Thinning: draw at the highest rate, keep each arrival with probability rate / highest.
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
    return new ArrivalTrace(kept.stream().mapToDouble(Double::doubleValue).toArray());
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
