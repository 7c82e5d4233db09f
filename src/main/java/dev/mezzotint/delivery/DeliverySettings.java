package dev.mezzotint.delivery;

import dev.mezzotint.job.RetryPolicy;
import java.time.InstantSource;

/**
 * How a worker treats jobs, of whatever kind.
 *
 * @param worker name of this process, unique among those that run now
 * @param attemptsMax after this many attempts that died, a job is given up
 * @param patience with the store and the broker
 * @param listener hears what becomes of deliveries
 */
public record DeliverySettings(
    String worker,
    int attemptsMax,
    RetryPolicy patience,
    InstantSource clock,
    JobListener listener) {

  /** Of which nobody hears. */
  public DeliverySettings(
      String worker, int attemptsMax, RetryPolicy patience, InstantSource clock) {
    this(worker, attemptsMax, patience, clock, JobListener.NONE);
  }

  /** The defaults of everything but the name. */
  public static DeliverySettings of(String worker) {
    return new DeliverySettings(worker, 5, RetryPolicy.DEFAULT, InstantSource.system());
  }

  public DeliverySettings withClock(InstantSource other) {
    return new DeliverySettings(worker, attemptsMax, patience, other, listener);
  }

  public DeliverySettings withPatience(RetryPolicy other) {
    return new DeliverySettings(worker, attemptsMax, other, clock, listener);
  }

  public DeliverySettings withListener(JobListener other) {
    return new DeliverySettings(worker, attemptsMax, patience, clock, other);
  }

  public DeliverySettings {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException("attemptsMax must be positive, not " + attemptsMax);
    }
  }
}
