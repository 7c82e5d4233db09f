package dev.mezzotint.iadb;

/**
 * A sequential stream of random numbers, for algorithms that do not know in advance how many they
 * need, such as rejection sampling. The stream depends on (seed, index) alone; uniform and Gaussian
 * values come from the two independent streams of {@link Noise}. Used by one thread.
 */
public final class RandomStream {
  private final long seed;
  private final long index;
  private final double[] uniform = new double[1];
  private final float[] gaussian = new float[1];
  private long uniforms;
  private long gaussians;

  public RandomStream(long seed, long index) {
    this.seed = seed;
    this.index = index;
  }

  /** The next value in [0, 1). */
  public double uniform() {
    Noise.uniform(seed, index, uniforms++, uniform, 0, 1);
    return uniform[0];
  }

  public double gaussian() {
    Noise.gaussian(seed, index, gaussians++, gaussian, 0, 1);
    return gaussian[0];
  }

  /** The next integer, uniform in 0 to n − 1. */
  public int below(int n) {
    return (int) (uniform() * n);
  }
}
