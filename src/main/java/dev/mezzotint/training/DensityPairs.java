package dev.mezzotint.training;

import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.Recipe;
import java.util.List;

/** Points drawn from two densities of the same dimensions, as pictures of one pixel. */
final class DensityPairs implements Pairs {
  /** Keeps the draws of the two ends apart from each other and from those of weights. */
  private static final long X0 = 0x7830L;

  private static final long X1 = 0x7831L;

  private final long seed;
  private final Density p0;
  private final Density p1;

  DensityPairs(Recipe recipe, Density p0, Density p1) {
    int dimensions = recipe.network().outChannels();
    if (p0.dimensions() != dimensions || p1.dimensions() != dimensions) {
      throw new InvalidInputException(
          "network.dimensions",
          "network.dimensions is " + dimensions + ", but the densities have " + p1.dimensions());
    }
    this.seed = recipe.seed();
    this.p0 = p0;
    this.p1 = p1;
  }

  @Override
  public int size() {
    return 0;
  }

  @Override
  public int channels() {
    return p1.dimensions();
  }

  @Override
  public int height() {
    return 1;
  }

  @Override
  public int width() {
    return 1;
  }

  @Override
  public List<String> classes() {
    return List.of();
  }

  @Override
  public long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset) {
    readX0(position, x0, offset);
    write(p1, new RandomStream(seed ^ X1, position), x1, offset);
    return 0;
  }

  @Override
  public void readX0(long position, float[] x0, int offset) {
    write(p0, new RandomStream(seed ^ X0, position), x0, offset);
  }

  private static void write(Density density, RandomStream draws, float[] out, int offset) {
    double[] point = new double[density.dimensions()];
    density.draw(draws, point);
    for (int k = 0; k < point.length; k++) {
      out[offset + k] = (float) point[k];
    }
  }
}
