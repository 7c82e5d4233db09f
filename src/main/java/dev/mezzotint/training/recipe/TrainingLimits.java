package dev.mezzotint.training.recipe;

/**
 * What one training request may ask for at most. Every figure is a wall against mistakes and
 * strangers, not a quota.
 *
 * @param requestBytesMax size of the record's value
 * @param weightsMax values of the network's weights: training holds each five times
 * @param batchValuesMax values of one batch's pictures
 */
public record TrainingLimits(int requestBytesMax, long weightsMax, long batchValuesMax) {

  /** Used where nothing else is configured. */
  public static final TrainingLimits DEFAULT =
      new TrainingLimits(1 << 20, 2_000_000_000L, 1L << 28);

  public TrainingLimits {
    if (requestBytesMax < 1 || weightsMax < 1 || batchValuesMax < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
