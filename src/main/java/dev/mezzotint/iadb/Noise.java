package dev.mezzotint.iadb;

import java.util.Objects;

/**
 * Counter-based random numbers that depend on seed, index and element alone: they are the same on
 * every machine, however a request is split into batches or a range into parts.
 *
 * <p>Element e of stream (seed, index) comes from the {@link Philox} block with key {@link
 * Philox#key key(seed, index)} and counter (e / values per block, domain). The domain word
 * separates the Gaussian (0) and the uniform stream (1) of one index; {@code dataset.EpochOrder}
 * uses domains 2 and 3. Safe for use by several threads.
 */
public final class Noise {
  private static final long GAUSSIAN = 0;
  private static final long UNIFORM = 1;

  private static final double TWO_POW_MINUS_32 = 0x1p-32;
  private static final double TWO_POW_MINUS_53 = 0x1p-53;
  private static final long LOW_WORD = 0xFFFFFFFFL;

  private Noise() {}

  /**
   * Fills {@code out[offset .. offset + length − 1]} with elements 0 .. length − 1 of the standard
   * normal stream: an image's x0 in C×H×W order.
   *
   * @param seed the request's seed
   * @param index the image's index in the request
   */
  public static void gaussian(long seed, long index, float[] out, int offset, int length) {
    gaussian(seed, index, /* first= */ 0, out, offset, length);
  }

  /**
   * As {@link #gaussian(long, long, float[], int, int)}, starting at element {@code first} ≥ 0.
   *
   * <p>Each block gives four values by Box-Muller: √(−2 ln u)·(cos 2πv, sin 2πv) with u in (0, 1]
   * from 32 bits, so |value| ≤ 6.66. {@link StrictMath}, because {@link Math} may differ in the
   * last bit between machines.
   */
  public static void gaussian(
      long seed, long index, long first, float[] out, int offset, int length) {
    checkRange(first, out.length, offset, length);
    long key = Philox.key(seed, index);
    int[] words = new int[4];
    double[] pair = new double[2];
    long blockAt = -1;
    for (int i = 0; i < length; i++) {
      long element = first + i;
      if (element >>> 2 != blockAt) {
        blockAt = element >>> 2;
        Philox.block(blockAt, GAUSSIAN, key, words);
      }
      int place = (int) (element & 3);
      if ((place & 1) == 0) {
        boxMuller(words[place], words[place + 1], pair);
      } else if (i == 0) {
        boxMuller(words[place - 1], words[place], pair);
      }
      out[offset + i] = (float) pair[place & 1];
    }
  }

  private static void boxMuller(int radiusBits, int angleBits, double[] pair) {
    double u = ((radiusBits & LOW_WORD) + 1) * TWO_POW_MINUS_32;
    double angle = 2 * Math.PI * ((angleBits & LOW_WORD) * TWO_POW_MINUS_32);
    double radius = StrictMath.sqrt(-2 * StrictMath.log(u));
    pair[0] = radius * StrictMath.cos(angle);
    pair[1] = radius * StrictMath.sin(angle);
  }

  /** Element {@code element} ≥ 0 of the uniform stream, in [0, 1) with 53 random bits. */
  public static double uniform(long seed, long index, long element) {
    double[] one = new double[1];
    uniform(seed, index, element, one, 0, 1);
    return one[0];
  }

  /**
   * Fills {@code out[offset .. offset + length − 1]} with elements 0 .. length − 1 of the uniform
   * stream in [0, 1): the α draws of one training step.
   */
  public static void uniform(long seed, long index, double[] out, int offset, int length) {
    uniform(seed, index, /* first= */ 0, out, offset, length);
  }

  /** As {@link #uniform(long, long, double[], int, int)}, starting at element {@code first}. */
  public static void uniform(
      long seed, long index, long first, double[] out, int offset, int length) {
    checkRange(first, out.length, offset, length);
    long key = Philox.key(seed, index);
    int[] words = new int[4];
    long blockAt = -1;
    for (int i = 0; i < length; i++) {
      long element = first + i;
      if (element >>> 1 != blockAt) {
        blockAt = element >>> 1;
        Philox.block(blockAt, UNIFORM, key, words);
      }
      int place = 2 * (int) (element & 1);
      long bits = ((long) words[place] << 32) | (words[place + 1] & LOW_WORD);
      out[offset + i] = (bits >>> 11) * TWO_POW_MINUS_53;
    }
  }

  /**
   * Spherical linear interpolation along the great circle from a to b. Between two Gaussian samples
   * it keeps their typical length, whereas a straight line passes through the unlikely middle.
   *
   * <pre>
   *   (sin((1 − s) θ) a + sin(s θ) b) / sin θ,   θ the angle between a and b
   * </pre>
   *
   * @param share s, 0 gives a and 1 gives b
   * @param out as long as a and b; may be one of them
   */
  public static void slerp(float[] a, float[] b, double share, float[] out) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int k = 0; k < out.length; k++) {
      ab += (double) a[k] * b[k];
      aa += (double) a[k] * a[k];
      bb += (double) b[k] * b[k];
    }
    double angle = StrictMath.acos(Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb))));
    double sine = StrictMath.sin(angle);
    // Parallel vectors need no circle; opposite ones and NaN do not define one.
    boolean straight = !(sine > 1e-9);
    double shareA = straight ? 1 - share : StrictMath.sin((1 - share) * angle) / sine;
    double shareB = straight ? share : StrictMath.sin(share * angle) / sine;
    for (int k = 0; k < out.length; k++) {
      out[k] = (float) (shareA * a[k] + shareB * b[k]);
    }
  }

  private static void checkRange(long first, int capacity, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, capacity);
    if (first < 0) {
      throw new IllegalArgumentException("first is " + first + ", must be at least 0");
    }
  }
}
