package dev.mezzotint.training;

import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.training.recipe.Recipe;
import java.util.List;

/** Pairs of points from two densities of the same dimensions, as images of one pixel. */
final class DensityPairs implements Pairs {
  /** Separate the random streams of the two ends from each other and from that of weights. */
  private static final long X0 = 0x7830L;

  private static final long X1 = 0x7831L;

  private final long seed;
  private final Shape shape;
  private final Density p0;
  private final Density p1;

  DensityPairs(Recipe recipe, Density p0, Density p1) {
    int dimensions = recipe.network().outChannels();
    if (p0.dimensions() != dimensions || p1.dimensions() != dimensions) {
      throw InvalidInputException.of(
          "network.dimensions", "is %s, but the densities have %s", dimensions, p1.dimensions());
    }
    this.seed = recipe.seed();
    this.shape = new Shape(dimensions, 1, 1, 0, List.of());
    this.p0 = p0;
    this.p1 = p1;
  }

  @Override
  public int size() {
    return 0;
  }

  @Override
  public Shape shape() {
    return shape;
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
