package dev.mezzotint.generation.request;

import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.job.RequestLimits;
import dev.mezzotint.job.WebhookHosts;

/**
 * Limits on one request. They protect against mistakes and untrusted input; they are not quotas.
 *
 * @param requestBytesMax size of the record's value
 * @param imagesMax images of one job, at most {@value #IMAGES_CEILING}: object keys have five
 *     digits
 * @param stepsMax α intervals
 * @param evaluationsMax evaluations of the network over all images of a job
 * @param gridImagesMax images in one grid, which is built in memory
 * @param inlineBytesMax size of an image in the request itself, decoded
 * @param objectBytesMax size of an image file in the bucket
 * @param webhooks hosts that a request may name for its webhook
 */
public record GenerationLimits(
    int requestBytesMax,
    int imagesMax,
    int stepsMax,
    long evaluationsMax,
    int gridImagesMax,
    int inlineBytesMax,
    int objectBytesMax,
    WebhookHosts webhooks) {

  static final int IMAGES_CEILING = GeneratedImages.IMAGES_MAX;

  public static final GenerationLimits DEFAULT =
      new GenerationLimits(
          RequestLimits.BYTES_MAX,
          RequestLimits.IMAGES_MAX,
          RequestLimits.STEPS_MAX,
          10_000_000,
          1_024,
          128 << 10,
          64 << 20,
          WebhookHosts.ANY);

  public GenerationLimits withWebhooks(WebhookHosts hosts) {
    return new GenerationLimits(
        requestBytesMax,
        imagesMax,
        stepsMax,
        evaluationsMax,
        gridImagesMax,
        inlineBytesMax,
        objectBytesMax,
        hosts);
  }

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
