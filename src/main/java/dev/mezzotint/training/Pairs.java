package dev.mezzotint.training;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.training.recipe.Recipe;
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

  /** Channels of what the network is shown beside the blend; 0 for nothing. */
  default int conditionChannels() {
    return 0;
  }

  /** Files that could not be read so far, as "name reason". */
  default List<String> brokenFiles() {
    return List.of();
  }

  /**
   * Writes the pair at a position, C×height×width values each, from {@code offset} on.
   *
   * @param condition what the network is shown beside it, conditionChannels×height×width from
   *     {@code conditionOffset} on; not touched without conditions
   * @return the class label, 0 without classes
   */
  long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset);

  /** Writes x0 of a position alone. */
  void readX0(long position, float[] x0, int offset);

  /**
   * Pairs to look at while training: of the validation split, where there is one.
   *
   * @param count at most so many, spread over the set
   * @return empty without conditions
   */
  default List<Example> examples(int count) {
    return List.of();
  }

  /**
   * A condition and what stands for it in the set.
   *
   * @param condition conditionChannels×height×width
   * @param label its class, 0 without classes
   * @param images the conditions as a person sees them, then the reference, all in colour
   */
  @SuppressWarnings("ArrayRecordComponent") // shown once, never compared
  record Example(float[] condition, long label, List<Pixels> images) {}

  /** From Gaussian noise to pictures. */
  static Pairs of(Recipe recipe, ImageDataset pictures) {
    return new ImagePairs(recipe, pictures, /* from= */ null, /* validation= */ null);
  }

  /**
   * From Gaussian noise to pictures with conditions.
   *
   * @param validation pictures that training does not see, to look at
   */
  static Pairs conditional(Recipe recipe, ImageDataset pictures, ImageDataset validation) {
    return new ImagePairs(recipe, pictures, /* from= */ null, validation);
  }

  /**
   * From pictures to pictures, unpaired.
   *
   * @param from the pictures of p0, of the same size
   */
  static Pairs of(Recipe recipe, ImageDataset from, ImageDataset pictures) {
    return new ImagePairs(recipe, pictures, from, /* validation= */ null);
  }

  /** From density to density, both of the plane. */
  static Pairs of(Recipe recipe, Density p0, Density p1) {
    return new DensityPairs(recipe, p0, p1);
  }
}
