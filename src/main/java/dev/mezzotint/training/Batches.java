package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork.Batch;
import dev.mezzotint.training.recipe.Recipe;

/**
 * The batches of a training. Each is a pure function of the recipe's seed and the step's number, so
 * resuming needs that number alone. Safe for use by many threads if the pairs are.
 *
 * <p>Row r of step k is the pair at data position p = k·batchSize + r; its α is drawn at index p.
 */
final class Batches {
  /** Separates the random stream of α from those of weights, order and noise. */
  private static final long ALPHA = 0x616c706861L;

  private final Pairs pairs;
  private final Recipe recipe;

  Batches(Pairs pairs, Recipe recipe) {
    this.pairs = pairs;
    this.recipe = recipe;
  }

  /** The batch of step {@code iteration}, counted from 0. Decodes images. */
  Batch at(long iteration) {
    Batch batch = empty();
    fill(batch, iteration, 0, batch.rows());
    couple(batch);
    return batch;
  }

  int rows() {
    return recipe.batchSize();
  }

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

  /** Fills the rows in [from, to). Several threads may fill rows of one batch. */
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

  /** Couples x0 with x1, once all rows are filled. */
  void couple(Batch batch) {
    recipe.coupling().couple(batch.x0(), batch.x1(), batch.classes());
  }
}
