package dev.mezzotint.dataset;

import dev.mezzotint.iadb.Philox;

/**
 * The order in which training visits a data set: every image once per epoch, each epoch in another
 * order, as a pure function of seed and position. A checkpoint therefore needs the position alone,
 * and resuming costs nothing.
 *
 * <p>The permutation is the swap-or-not shuffle [1]: each round pairs x with K − x (mod n) and
 * swaps the pair if a random bit of the round and the pair says so. It needs no table and works for
 * every n.
 *
 * <p>[1] Hoang, Morris, Rogaway: An enciphering scheme based on a card shuffle. CRYPTO 2012. Safe
 * for use by several threads.
 */
public final class EpochOrder {
  private static final long ROUND_KEY = 2;
  private static final long SWAP_BIT = 3;
  private static final long LOW_WORD = 0xFFFFFFFFL;

  private EpochOrder() {}

  /**
   * The image at a position.
   *
   * @param position images visited before, from the beginning of training; the epoch is position /
   *     n
   * @param n images in the set
   * @return in [0, n)
   */
  public static int index(long seed, long position, int n) {
    if (position < 0 || n < 1) {
      throw new IllegalArgumentException("position " + position + " in a set of " + n);
    }
    long key = Philox.key(seed, position / n);
    int x = (int) (position % n);
    int[] words = new int[4];
    int rounds = rounds(n);
    for (int round = 0; round < rounds; round++) {
      Philox.block(round, ROUND_KEY, key, words);
      long random = ((long) words[0] << 32) | (words[1] & LOW_WORD);
      int partner = (int) Math.floorMod(Math.floorMod(random, (long) n) - x, (long) n);
      Philox.block(((long) round << 32) | Math.max(x, partner), SWAP_BIT, key, words);
      if ((words[0] & 1) == 1) {
        x = partner;
      }
    }
    return x;
  }

  /** 6 log2 n is far beyond what mixing needs; the constant serves tiny sets. */
  private static int rounds(int n) {
    return 24 + 6 * (32 - Integer.numberOfLeadingZeros(n));
  }
}
