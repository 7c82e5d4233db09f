package dev.mezzotint.training;

import dev.mezzotint.dataset.EpochOrder;
import dev.mezzotint.dataset.Flip;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.network.TrainingNetwork.Batch;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The training pairs of every step, each a pure function of the recipe's seed and the step's
 * number: resuming at a step needs nothing but that number. Safe for use by many threads if the
 * data set is.
 *
 * <p>Row r of step k stands at data position p = k·batchSize + r: picture {@code
 * EpochOrder.index(seed, p, n)}, noise, α and the coin of the mirror drawn at index p.
 */
final class Batches {
  /** Keeps the draws of α and of the coin apart from those of weights and order. */
  private static final long ALPHA = 0x616c706861L;

  private static final long FLIP = 0x666c6970L;

  private final ImageDataset data;
  private final Recipe recipe;

  Batches(ImageDataset data, Recipe recipe) {
    this.data = data;
    this.recipe = recipe;
  }

  /** The pairs of step {@code iteration}, counted from 0. Decodes pictures. */
  Batch at(long iteration) {
    int rows = recipe.batchSize();
    int channels = recipe.network().outChannels();
    int size = recipe.data().size();
    int pixels = channels * size * size;
    float[] x1 = new float[rows * pixels];
    float[] x0 = new float[rows * pixels];
    float[] alpha = new float[rows];
    long[] classes = new long[rows];
    boolean labelled = !recipe.data().labels().equals("none");
    for (int row = 0; row < rows; row++) {
      long position = iteration * rows + row;
      int picture = EpochOrder.index(recipe.seed(), position, data.size());
      read(picture, x1, row * pixels);
      if (recipe.data().flip() && Noise.uniform(recipe.seed() ^ FLIP, position, 0) < 0.5) {
        Flip.horizontal(x1, row * pixels, channels, size, size);
      }
      Noise.gaussian(recipe.seed(), position, x0, row * pixels, pixels);
      alpha[row] = (float) Noise.uniform(recipe.seed() ^ ALPHA, position, 0);
      classes[row] = labelled ? data.label(picture).orElse(0) : 0;
    }
    return new Batch(x1, x0, new float[0], alpha, classes, channels, 0, size, size);
  }

  private void read(int picture, float[] out, int offset) {
    try {
      data.read(picture, out, offset);
    } catch (IOException e) {
      throw new UncheckedIOException(data.name(picture) + " can no longer be read", e);
    }
  }
}
