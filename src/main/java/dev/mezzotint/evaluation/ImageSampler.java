package dev.mezzotint.evaluation;

import java.util.Optional;

/** Generates images of a model under evaluation. Used by one thread. */
@FunctionalInterface
public interface ImageSampler {

  /**
   * Generates one image for each class label. Its x0 follows from the seed and its index.
   *
   * @param conditions one for each image, as the network sees them; empty for a model without
   * @param classes N labels, all 0 for a model without classes
   * @return N images, not clamped
   */
  ImageSet sample(long seed, Optional<ImageSet> conditions, long[] classes);
}
