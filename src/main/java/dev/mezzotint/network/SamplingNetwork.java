package dev.mezzotint.network;

/**
 * A model's weights on a device, ready for evaluation. Used by one thread at a time; closed by the
 * caller of {@link Device#load}.
 *
 * <p>Shapes: N rows, C = out_channels, K = in_channels − out_channels. All arrays are float32 in C
 * order and belong to the caller.
 */
public interface SamplingNetwork extends AutoCloseable {

  /**
   * Evaluates the network once.
   *
   * @param input N×(C+K)×height×width
   * @param t N timesteps in the network's own units
   * @param classes N class labels; ignored by a network without classes
   * @return N×C×height×width
   */
  float[] evaluate(float[] input, int height, int width, float[] t, long[] classes);

  /** Allocates slots for rows to be sampled; they are closed before the network. */
  Slots slots(int count, int height, int width);

  @Override
  void close();

  /**
   * Rows on the device: x, the three previous directions and the condition of each slot, numbered
   * from 0. Only finished rows are copied to the host.
   */
  interface Slots extends AutoCloseable {

    /**
     * Fills slots with initial values and clears their previous directions.
     *
     * @param x0 n×C×height×width, one image per slot
     * @param condition n×K×height×width; empty when K = 0
     */
    void put(long[] slots, float[] x0, float[] condition);

    /**
     * Evaluates one stage for the given slots: d = direction at α, x += g0·d + g1·m1 + g2·m2 +
     * g3·m3.
     *
     * @param slots N slot numbers; only padding slots may be repeated
     * @param alpha N
     * @param coefficients N×4, the stage's g0..g3
     * @param classes N
     */
    void step(long[] slots, float[] alpha, float[] coefficients, long[] classes);

    /**
     * As {@link #step} with guidance: a conditional and an unconditional evaluation. Rows of weight
     * 1 give the same bits as {@link #step} in a pass of the same size.
     *
     * @param weights N, w of {@code iadb.Guidance}
     * @param zeroStar N, whether CFG-Zero* scales the unconditional direction
     * @param unconditional input of the second evaluation
     */
    default void guidedStep(
        long[] slots,
        float[] alpha,
        float[] coefficients,
        long[] classes,
        float[] weights,
        boolean[] zeroStar,
        UnconditionalInput unconditional) {
      throw new UnsupportedOperationException("this network does not support guidance");
    }

    /**
     * Replaces x; previous directions and conditions are kept.
     *
     * @param x n×C×height×width, one image per slot
     */
    default void overwrite(long[] slots, float[] x) {
      throw new UnsupportedOperationException("this network does not support replacing x");
    }

    /** Reads finished rows: n×C×height×width, not clamped. */
    float[] take(long[] slots);

    /** Reads rows that are still being sampled, as {@link #take}. */
    default float[] peek(long[] slots) {
      return take(slots);
    }

    @Override
    void close();
  }
}
