package dev.mezzotint.network;

/**
 * One model's weights on a device, ready to be evaluated. Used by one thread at a time; closed by
 * whoever loaded it.
 *
 * <p>Shapes: N rows, C = out_channels, K = in_channels − out_channels. All arrays are float32 in C
 * order and belong to the caller.
 */
public interface SamplingNetwork extends AutoCloseable {

  /**
   * One evaluation exactly as stored.
   *
   * @param input N×(C+K)×height×width
   * @param t N timesteps as the network takes them, not scaled
   * @param classes N class labels; not read by a network without classes
   * @return N×C×height×width
   */
  float[] evaluate(float[] input, int height, int width, float[] t, long[] classes);

  /** Room for rows that are being sampled; closed before the network. */
  Slots slots(int count, int height, int width);

  @Override
  void close();

  /**
   * Rows on the device: x and the solver's three remembered directions, by slot number from 0. Only
   * finished rows travel to the host.
   */
  interface Slots extends AutoCloseable {

    /**
     * Fills slots with their starting points and forgets their remembered directions.
     *
     * @param x0 n×C×height×width, one image per slot named
     * @param condition n×K×height×width; empty when K = 0
     */
    void put(long[] slots, float[] x0, float[] condition);

    /**
     * One stage for the named slots: d = direction at α, x += g0·d + g1·m1 + g2·m2 + g3·m3.
     *
     * @param slots N slot numbers; a padding slot may be named repeatedly
     * @param alpha N
     * @param coefficients N×4, the stage's g0..g3
     * @param classes N
     */
    void step(long[] slots, float[] alpha, float[] coefficients, long[] classes);

    /**
     * As {@link #step}, with guidance: two evaluations, with each row's class and condition and
     * without. Rows whose weight is 1 move exactly as by {@link #step} in a pass of the same size.
     *
     * @param weights N, {@code iadb.Guidance}'s w
     * @param zeroStar N, whether the direction without them is scaled
     * @param without what the second evaluation is shown
     */
    default void guidedStep(
        long[] slots,
        float[] alpha,
        float[] coefficients,
        long[] classes,
        float[] weights,
        boolean[] zeroStar,
        UnconditionalInput without) {
      throw new UnsupportedOperationException("this network cannot be guided");
    }

    /**
     * Puts other values in the place of x; remembered directions and conditions stay.
     *
     * @param x n×C×height×width, one image per slot named
     */
    default void overwrite(long[] slots, float[] x) {
      throw new UnsupportedOperationException("rows of this network cannot be changed");
    }

    /** Reads rows at their end: n×C×height×width, not clamped. */
    float[] take(long[] slots);

    /** As {@link #take}, of rows that go on. */
    default float[] peek(long[] slots) {
      return take(slots);
    }

    @Override
    void close();
  }
}
