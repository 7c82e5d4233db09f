package dev.mezzotint.training;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.training.recipe.Recipe;
import java.util.List;

/**
 * Training pairs: x0 from density p0 and x1 from density p1, drawn independently. The pair at a
 * data position depends on the recipe's seed and the position alone. Safe for use by many threads.
 */
public interface Pairs {

  /** Size of the data set; 0 for densities, which are unlimited. */
  int size();

  /**
   * The form of all pairs.
   *
   * @param channels of x0 and x1, C
   * @param conditionChannels of the condition, which the network receives besides x_α; 0 without
   * @param classes names of the classes; empty without classes
   */
  record Shape(int channels, int height, int width, int conditionChannels, List<String> classes) {}

  Shape shape();

  default int channels() {
    return shape().channels();
  }

  default int height() {
    return shape().height();
  }

  default int width() {
    return shape().width();
  }

  default int conditionChannels() {
    return shape().conditionChannels();
  }

  default List<String> classes() {
    return shape().classes();
  }

  /** Files that could not be read so far, each as "name reason". */
  default List<String> brokenFiles() {
    return List.of();
  }

  /**
   * Writes the pair at a position, C×height×width values each, from {@code offset} on.
   *
   * @param condition receives conditionChannels×height×width values from {@code conditionOffset}
   *     on; not touched without conditions
   * @return the class label, 0 without classes
   */
  long read(
      long position, float[] x0, float[] x1, int offset, float[] condition, int conditionOffset);

  /** Writes the x0 of a position alone. */
  void readX0(long position, float[] x0, int offset);

  /**
   * Examples for sample grids, from the validation split where there is one.
   *
   * @param limit most examples, spread over the set
   * @return empty without conditions
   */
  default List<Example> examples(int limit) {
    return List.of();
  }

  /**
   * A condition and its reference image.
   *
   * @param condition conditionChannels×height×width
   * @param label class, 0 without classes
   * @param images the conditions for display, then the reference, all in colour
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Example(float[] condition, long label, List<Pixels> images) {}

  /** From noise to images. */
  static Pairs of(Recipe recipe, ImageDataset images) {
    return new ImagePairs(recipe, images, /* from= */ null, /* validation= */ null);
  }

  /**
   * From noise to images with conditions.
   *
   * @param validation images for sample grids, not trained on
   */
  static Pairs conditional(Recipe recipe, ImageDataset images, ImageDataset validation) {
    return new ImagePairs(recipe, images, /* from= */ null, validation);
  }

  /**
   * From images to images, unpaired.
   *
   * @param from the images of p0, of the same size
   */
  static Pairs of(Recipe recipe, ImageDataset from, ImageDataset images) {
    return new ImagePairs(recipe, images, from, /* validation= */ null);
  }

  /** From one density of the plane to another. */
  static Pairs of(Recipe recipe, Density p0, Density p1) {
    return new DensityPairs(recipe, p0, p1);
  }
}
