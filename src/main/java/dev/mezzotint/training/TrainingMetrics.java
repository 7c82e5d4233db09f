package dev.mezzotint.training;

/** Metrics of the trainings in this process. Written by one thread, read by many. */
public final class TrainingMetrics {
  private volatile double loss = Double.NaN;
  private volatile double imagesPerSecond;
  private volatile double inputWaitShare;
  private volatile long steps;
  private volatile long checkpoints;
  private volatile double lastCheckpointSeconds;

  /** Running average of the current training's loss; NaN while idle. */
  public double loss() {
    return loss;
  }

  /** Of the current training; 0 while idle. */
  public double imagesPerSecond() {
    return imagesPerSecond;
  }

  /** Share of the steps' time in which the device waited for its batch, 0 to 1. */
  public double inputWaitShare() {
    return inputWaitShare;
  }

  /** Steps done by this process. */
  public long steps() {
    return steps;
  }

  /** Checkpoints published by this process. */
  public long checkpoints() {
    return checkpoints;
  }

  /** Duration of the last publication. */
  public double lastCheckpointSeconds() {
    return lastCheckpointSeconds;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  void stepDone(double smoothedLoss, double rate, double waitShare) {
    loss = smoothedLoss;
    imagesPerSecond = rate;
    inputWaitShare = Double.isNaN(waitShare) ? 0 : waitShare;
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
