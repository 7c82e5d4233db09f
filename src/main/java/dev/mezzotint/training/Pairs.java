package dev.mezzotint.training;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Density;
import java.util.List;

/**
 * Where the two ends of training's blends come from: p0 and p1, drawn independently. What stands at
 * a data position follows from the recipe's seed and the position alone. Safe for use by many
 * threads.
 */
public interface Pairs {

  /** Points of the data set; 0 for densities, which have no end. */
  int size();

  /** C. */
  int channels();

  int height();

  int width();

  /** Names of the class labels; empty without. */
  List<String> classes();

  /**
   * Writes the pair at a position, C×height×width values each, from {@code offset} on.
   *
   * @return the class label, 0 without classes
   */
  long read(long position, float[] x0, float[] x1, int offset);

  /** From Gaussian noise to pictures. */
  static Pairs of(Recipe recipe, ImageDataset pictures) {
    return new PicturePairs(recipe, pictures, /* from= */ null);
  }

  /**
   * From pictures to pictures, unpaired.
   *
   * @param from the pictures of p0, of the same size
   */
  static Pairs of(Recipe recipe, ImageDataset from, ImageDataset pictures) {
    return new PicturePairs(recipe, pictures, from);
  }

  /** From density to density, both of the plane. */
  static Pairs of(Recipe recipe, Density p0, Density p1) {
    return new DensityPairs(recipe, p0, p1);
  }
}
