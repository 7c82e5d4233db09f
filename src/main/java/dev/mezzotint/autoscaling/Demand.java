package dev.mezzotint.autoscaling;

/**
 * What is asked of the workers of one kind.
 *
 * @param jobs requests that wait or are in hand
 * @param paused of these, in topics that nobody is to take from: they ask for no worker
 * @param secondsPerJob how long one worker takes per job when it has all that it can hold
 */
public record Demand(long jobs, long paused, double secondsPerJob) {

  /** Jobs that ask for a worker. */
  public long runnable() {
    return jobs - paused;
  }

  /** How long one worker alone would take for those. */
  public double deviceSeconds() {
    return runnable() * secondsPerJob;
  }

  public boolean active() {
    return runnable() > 0;
  }
}
