package dev.mezzotint.autoscaling;

/**
 * The work queued for workers of one kind.
 *
 * @param jobs queued or running requests
 * @param paused those of them in paused topics, which need no worker
 * @param secondsPerJob time per job of one worker at full load
 */
public record Demand(long jobs, long paused, double secondsPerJob) {

  /** Jobs that need a worker. */
  public long runnable() {
    return jobs - paused;
  }

  /** How long one worker alone would take for the runnable jobs. */
  public double deviceSeconds() {
    return runnable() * secondsPerJob;
  }

  public boolean active() {
    return runnable() > 0;
  }
}
