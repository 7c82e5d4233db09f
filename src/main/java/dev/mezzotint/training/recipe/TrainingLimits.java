package dev.mezzotint.training.recipe;

import dev.mezzotint.job.RequestLimits;
import dev.mezzotint.job.WebhookHosts;

/**
 * Limits of a single training request. They protect against mistakes and untrusted input; they are
 * not quotas.
 *
 * @param requestBytesMax size of the record's value
 * @param weightsMax values of the network's weights: training holds each five times
 * @param batchValuesMax values of the images of one batch
 * @param webhooks hosts that a request may name for its webhook
 */
public record TrainingLimits(
    int requestBytesMax, long weightsMax, long batchValuesMax, WebhookHosts webhooks) {

  /** Used unless configured otherwise. */
  public static final TrainingLimits DEFAULT =
      new TrainingLimits(RequestLimits.BYTES_MAX, 2_000_000_000L, 1L << 28, WebhookHosts.ANY);

  public TrainingLimits withWebhooks(WebhookHosts hosts) {
    return new TrainingLimits(requestBytesMax, weightsMax, batchValuesMax, hosts);
  }

  public TrainingLimits {
    if (requestBytesMax < 1 || weightsMax < 1 || batchValuesMax < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
