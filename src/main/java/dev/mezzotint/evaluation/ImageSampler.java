package dev.mezzotint.evaluation;

import java.util.Optional;

/**
 * Makes the model's pictures: the port that evaluation sees a model through. Used by one thread.
 */
@FunctionalInterface
public interface ImageSampler {

  /**
   * One picture for each class label; which x0 each begins at follows from the seed and its place.
   *
   * @param conditions one for each picture, as the network sees them; empty for a model without
   * @param classes N labels, all 0 for a model without
   * @return N pictures, not clamped
   */
  ImageSet paint(long seed, Optional<ImageSet> conditions, long[] classes);
}
