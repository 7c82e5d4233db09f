package dev.mezzotint.delivery;

import dev.mezzotint.job.RetryPolicy;
import java.time.InstantSource;

/**
 * Settings of a {@link JobHandler}.
 *
 * @param worker name of this process, unique among running processes
 * @param attemptsMax number of failed attempts after which a job fails
 * @param retryPolicy for calls to the store and the broker
 * @param listener observes all deliveries
 */
public record DeliverySettings(
    String worker,
    int attemptsMax,
    RetryPolicy retryPolicy,
    InstantSource clock,
    JobListener listener) {

  public DeliverySettings(
      String worker, int attemptsMax, RetryPolicy patience, InstantSource clock) {
    this(worker, attemptsMax, patience, clock, JobListener.NONE);
  }

  /** The defaults with this worker's name. */
  public static DeliverySettings of(String worker) {
    return new DeliverySettings(worker, 5, RetryPolicy.DEFAULT, InstantSource.system());
  }

  public DeliverySettings withClock(InstantSource other) {
    return new DeliverySettings(worker, attemptsMax, retryPolicy, other, listener);
  }

  public DeliverySettings withRetryPolicy(RetryPolicy other) {
    return new DeliverySettings(worker, attemptsMax, other, clock, listener);
  }

  public DeliverySettings withListener(JobListener other) {
    return new DeliverySettings(worker, attemptsMax, retryPolicy, clock, other);
  }

  public DeliverySettings {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException("attemptsMax must be positive, not " + attemptsMax);
    }
  }
}
