package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork.Batch;
import dev.mezzotint.training.recipe.Recipe;

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
    Batch batch = empty();
    fill(batch, iteration, 0, batch.rows());
    couple(batch);
    return batch;
  }

  int rows() {
    return recipe.batchSize();
  }

  /** Room for one step's pairs. */
  Batch empty() {
    int rows = rows();
    int pixels = pairs.height() * pairs.width();
    return new Batch(
        new float[rows * pairs.channels() * pixels],
        new float[rows * pairs.channels() * pixels],
        new float[rows * pairs.conditionChannels() * pixels],
        new float[rows],
        new long[rows],
        pairs.channels(),
        pairs.conditionChannels(),
        pairs.height(),
        pairs.width());
  }

  /** Writes the rows in [from, to). Several threads may fill rows of one batch. */
  void fill(Batch batch, long iteration, int from, int to) {
    int pixels = pairs.height() * pairs.width();
    int values = pairs.channels() * pixels;
    int conditionValues = pairs.conditionChannels() * pixels;
    for (int row = from; row < to; row++) {
      long position = iteration * rows() + row;
      batch.classes()[row] =
          pairs.read(
              position,
              batch.x0(),
              batch.x1(),
              row * values,
              batch.condition(),
              row * conditionValues);
      batch.alpha()[row] = (float) recipe.alphaDensity().alpha(recipe.seed() ^ ALPHA, position);
    }
  }

  /** What follows once all rows are there. */
  void couple(Batch batch) {
    recipe.coupling().couple(batch.x0(), batch.x1(), batch.classes());
  }
}
