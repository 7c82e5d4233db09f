package dev.mezzotint.iadb;

/**
 * The Philox4x32-10 counter-based random number generator: a keyed bijection of 128-bit counters
 * [1]. It has no state, so any element of any stream takes constant time and is the same on every
 * machine.
 *
 * <p>[1] Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011. Safe for
 * use by several threads.
 */
public final class Philox {
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9; // golden ratio
  private static final int WEYL_1 = 0xBB67AE85; // √3 − 1
  private static final int ROUNDS = 10;
  private static final long LOW_WORD = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Encrypts the counter (counterHigh:counterLow) under the key.
   *
   * @param counterLow counter words 1 (upper half) and 0 (lower half)
   * @param counterHigh counter words 3 (upper half) and 2 (lower half)
   * @param key key words 1 (upper half) and 0 (lower half)
   * @param out receives the four output words in {@code out[0..3]}
   */
  public static void block(long counterLow, long counterHigh, long key, int[] out) {
    int c0 = (int) counterLow;
    int c1 = (int) (counterLow >>> 32);
    int c2 = (int) counterHigh;
    int c3 = (int) (counterHigh >>> 32);
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & LOW_WORD);
      long product1 = MULTIPLIER_1 * (c2 & LOW_WORD);
      c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /**
   * The key of one stream: {@code mix(mix(seed) + index)} with SplitMix64's finaliser as {@code
   * mix}. A bijection in the index for a fixed seed and in the seed for a fixed index, so the
   * images of one job never share a key; neighbouring seeds are not shifted copies of each other.
   */
  public static long key(long seed, long index) {
    return mix(mix(seed) + index);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
