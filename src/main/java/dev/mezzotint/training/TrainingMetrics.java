package dev.mezzotint.training;

/** What training in this process tells of itself. Written by one thread, read by many. */
public final class TrainingMetrics {
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile double inputWaitShare;
  private volatile long steps;
  private volatile long checkpoints;
  private volatile double lastCheckpointSeconds;

  /** Running average of the training in hand; NaN without one. */
  public double loss() {
    return loss;
  }

  /** Of the training in hand; 0 without one. */
  public double imagesPerSecond() {
    return imagesPerSecond;
  }

  /** Share of the step time in which the device waited for pictures, 0 to 1. */
  public double inputWaitShare() {
    return inputWaitShare;
  }

  /** Done by this process. */
  public long steps() {
    return steps;
  }

  /** Kept in the store by this process. */
  public long checkpoints() {
    return checkpoints;
  }

  /** How long the last one took to be kept. */
  public double lastCheckpointSeconds() {
    return lastCheckpointSeconds;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void stepDone(double smoothedLoss, double rate, double waitShare) {
    loss = smoothedLoss;
    imagesPerSecond = rate;
    inputWaitShare = waitShare;
    steps++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void checkpointPublished(double seconds) {
    checkpoints++;
    lastCheckpointSeconds = seconds;
  }

  void idle() {
    loss = Double.NaN;
    imagesPerSecond = 0;
    inputWaitShare = 0;
  }
}
