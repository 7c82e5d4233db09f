package dev.mezzotint.sampling;

import dev.mezzotint.network.SamplingNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Time of a pass by its number of rows, which determines the sizes that are worth using.
 *
 * <p>Passes have few sizes, the powers of two and the largest, because a row's last bits may depend
 * on the size of its pass. On a processor that one row keeps busy, time grows with the rows, and
 * nine rows in a pass of sixteen waste seven; on one that sixteen rows hardly keep busy, the other
 * seven cost nothing.
 *
 * @param sizes of passes, rising
 * @param nanos time of a pass of each size, never falling; all 0 if unmeasured
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BatchCurve(int[] sizes, long[] nanos) {
  /**
   * Least cap, also on a device that gains nothing from larger passes: a smaller one would not
   * noticeably shorten a pass, and an arriving job might wait for one pass more.
   */
  private static final int CAP_MIN = 4;

  /** A rate this close to the best counts as the best: the rest is measurement error. */
  private static final double NEAR = 0.97;

  private static final int RUNS = 3;

  public BatchCurve {
    if (sizes.length == 0 || sizes.length != nanos.length || sizes[0] < 1) {
      throw new IllegalArgumentException("a curve needs sizes, and a time for each");
    }
    for (int i = 1; i < sizes.length; i++) {
      if (sizes[i] <= sizes[i - 1] || nanos[i] < nanos[i - 1]) {
        throw new IllegalArgumentException("sizes must rise and times must not fall");
      }
    }
  }

  /** Sizes without times: passes use the smallest that holds all rows. */
  public static BatchCurve unmeasured(int largest) {
    int[] sizes = sizes(largest);
    return new BatchCurve(sizes, new long[sizes.length]);
  }

  /** One size for all passes, however few their rows are. */
  public static BatchCurve pinned(int size) {
    return new BatchCurve(new int[] {size}, new long[1]);
  }

  /** The powers of two below the largest, and the largest. */
  public static int[] sizes(int largest) {
    List<Integer> sizes = new ArrayList<>();
    for (int size = 1; size < largest; size *= 2) {
      sizes.add(size);
    }
    sizes.add(largest);
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  /** A curve of measured times, made monotonic where the measurement was off. */
  public static BatchCurve of(int[] sizes, long[] measured) {
    long[] nanos = measured.clone();
    for (int i = 1; i < nanos.length; i++) {
      nanos[i] = Math.max(nanos[i], nanos[i - 1]);
    }
    return new BatchCurve(sizes, nanos);
  }

  /**
   * Measures passes over the padding slot: the best of a few runs, since other work can only slow
   * them down. Sizes for which no time is left are extrapolated in proportion to their rows.
   *
   * @param limitNanos starts no further run after this time
   */
  static BatchCurve measure(
      SamplingNetwork.Slots slots, long spare, int[] sizes, long limitNanos, LongSupplier clock) {
    long end = clock.getAsLong() + limitNanos;
    long[] nanos = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      if (i > 0 && clock.getAsLong() >= end) {
        nanos[i] = nanos[i - 1] * sizes[i] / sizes[i - 1];
        continue;
      }
      timePass(slots, spare, sizes[i], clock); // the first of a size is slower than all later ones
      nanos[i] = Long.MAX_VALUE;
      for (int run = 0; run < RUNS; run++) {
        nanos[i] = Math.min(nanos[i], timePass(slots, spare, sizes[i], clock));
        if (clock.getAsLong() >= end) {
          break;
        }
      }
    }
    return of(sizes, nanos);
  }

  /** Time of one pass; reads a row, which waits for devices that work asynchronously. */
  public static long timePass(
      SamplingNetwork.Slots slots, long spare, int size, LongSupplier clock) {
    long[] named = new long[size];
    Arrays.fill(named, spare);
    long before = clock.getAsLong();
    slots.step(named, new float[size], new float[4 * size], new long[size]);
    slots.take(new long[] {spare});
    return Math.max(1, clock.getAsLong() - before);
  }

  public boolean isMeasured() {
    return nanos[nanos.length - 1] > 0;
  }

  /** The largest useful pass: in a larger one a row costs no less. */
  public int cap() {
    int largest = sizes[sizes.length - 1];
    if (!isMeasured()) {
      return largest;
    }
    double best = 0;
    for (int i = 0; i < sizes.length; i++) {
      best = Math.max(best, rate(sizes[i], i));
    }
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] >= Math.min(CAP_MIN, largest) && rate(sizes[i], i) >= NEAR * best) {
        return sizes[i];
      }
    }
    return largest;
  }

  /** Rows per nanosecond in a pass of size i, with this many rows waiting. */
  private double rate(int rows, int i) {
    return (double) Math.min(rows, sizes[i]) / nanos[i];
  }

  /**
   * The size of pass with the highest throughput: all rows in one that is padded, or fewer rows in
   * a full one and the others in the next.
   *
   * @param rows waiting, at least 1
   * @param cap no larger pass, except where there is no smaller size
   */
  public int choose(int rows, int cap) {
    int chosen = 0;
    for (int i = 1; i < sizes.length && sizes[i] <= cap && sizes[i - 1] < rows; i++) {
      // At equal throughput the larger pass wins: fewer calls.
      if (!isMeasured() || rate(rows, i) >= rate(rows, chosen)) {
        chosen = i;
      }
    }
    return sizes[chosen];
  }

  /** The next smaller size, or the smallest. */
  int below(int size) {
    int i = index(size);
    return sizes[Math.max(0, i - 1)];
  }

  /** The next larger size, or the largest. */
  int above(int size) {
    return sizes[Math.min(sizes.length - 1, index(size) + 1)];
  }

  private int index(int size) {
    int i = Arrays.binarySearch(sizes, size);
    if (i < 0) {
      throw new IllegalArgumentException("no pass has " + size + " rows");
    }
    return i;
  }

  /** Time of a pass of this size; 0 if unmeasured. */
  public long nanosOf(int size) {
    return nanos[index(size)];
  }

  /** The least time that a row costs at this cap, in nanoseconds. */
  double nanosPerRow(int cap) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < sizes.length && (i == 0 || sizes[i] <= cap); i++) {
      best = Math.min(best, (double) nanos[i] / sizes[i]);
    }
    return best;
  }
}
