package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork.Batch;

/**
 * The training pairs of every step, each a pure function of the recipe's seed and the step's
 * number: resuming at a step needs nothing but that number. Safe for use by many threads if the
 * pairs are.
 *
 * <p>Row r of step k stands at data position p = k·batchSize + r; its α is drawn at index p.
 */
final class Batches {
  /** Keeps the draws of α apart from those of weights, order and noise. */
  private static final long ALPHA = 0x616c706861L;

  private final Pairs pairs;
  private final Recipe recipe;

  Batches(Pairs pairs, Recipe recipe) {
    this.pairs = pairs;
    this.recipe = recipe;
  }

  /** The pairs of step {@code iteration}, counted from 0. Decodes pictures. */
  Batch at(long iteration) {
    int rows = recipe.batchSize();
    int values = pairs.channels() * pairs.height() * pairs.width();
    float[] x1 = new float[rows * values];
    float[] x0 = new float[rows * values];
    float[] alpha = new float[rows];
    long[] classes = new long[rows];
    for (int row = 0; row < rows; row++) {
      long position = iteration * rows + row;
      classes[row] = pairs.read(position, x0, x1, row * values);
      alpha[row] = (float) recipe.alphaDensity().alpha(recipe.seed() ^ ALPHA, position);
    }
    recipe.coupling().couple(x0, x1, classes);
    return new Batch(
        x1, x0, new float[0], alpha, classes, pairs.channels(), 0, pairs.height(), pairs.width());
  }
}
