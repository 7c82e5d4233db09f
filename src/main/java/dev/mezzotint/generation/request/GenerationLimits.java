package dev.mezzotint.generation.request;

import dev.mezzotint.delivery.GeneratedImages;

/**
 * What one request may ask for at most. Every figure is a wall against mistakes and strangers, not
 * a quota.
 *
 * @param requestBytesMax size of the record's value
 * @param imagesMax pictures of one job, at most {@value #IMAGES_CEILING}: object keys have five
 *     digits
 * @param stepsMax α intervals
 * @param evaluationsMax evaluations of the network over all images of a job
 * @param gridImagesMax images that may share one grid, which is made in memory
 * @param inlineBytesMax an image that stands in the request itself, decoded
 * @param objectBytesMax the file of an image that stands in the bucket
 */
public record GenerationLimits(
    int requestBytesMax,
    int imagesMax,
    int stepsMax,
    long evaluationsMax,
    int gridImagesMax,
    int inlineBytesMax,
    int objectBytesMax) {

  static final int IMAGES_CEILING = GeneratedImages.IMAGES_MAX;

  /** Used where nothing else is configured. */
  public static final GenerationLimits DEFAULT =
      new GenerationLimits(1 << 20, 10_000, 1_000, 10_000_000, 1_024, 128 << 10, 64 << 20);

  public GenerationLimits {
    if (imagesMax < 1 || imagesMax > IMAGES_CEILING) {
      throw new IllegalArgumentException(
          "imagesMax must be from 1 to " + IMAGES_CEILING + ", not " + imagesMax);
    }
    if (requestBytesMax < 1
        || stepsMax < 1
        || evaluationsMax < 1
        || gridImagesMax < 1
        || inlineBytesMax < 1
        || objectBytesMax < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
