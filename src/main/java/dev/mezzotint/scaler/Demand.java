package dev.mezzotint.scaler;

/**
 * What is asked of the workers of one kind.
 *
 * @param jobs requests that wait or are in hand
 * @param secondsPerJob how long one worker takes per job when it has all that it can hold
 */
public record Demand(long jobs, double secondsPerJob) {

  /** How long one worker alone would take for all of it. */
  public double deviceSeconds() {
    return jobs * secondsPerJob;
  }

  public boolean active() {
    return jobs > 0;
  }
}
