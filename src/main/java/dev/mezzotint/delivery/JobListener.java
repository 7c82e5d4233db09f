package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Observes deliveries as they are processed; implemented by metrics, logging and tracing.
 * Implementations must not block or throw. Safe for use by many threads.
 */
@FunctionalInterface
public interface JobListener {

  /** Ignores all deliveries. */
  JobListener NONE = delivery -> new DeliveryObserver() {};

  /** Called by the handling thread when a record is delivered. */
  DeliveryObserver deliveryStarted(Delivery delivery);

  /** Notifies several listeners, in this order. */
  static JobListener all(List<JobListener> listeners) {
    return delivery ->
        new CompositeDeliveryObserver(
            listeners.stream().map(listener -> listener.deliveryStarted(delivery)).toList());
  }

  /**
   * Observes one delivery until its settlement. Called by the handling thread, except where noted.
   */
  interface DeliveryObserver {

    /** Called when the job id is known. */
    default void jobIdentified(String id) {}

    /** Called when this delivery has created the job record. */
    default void jobCreated() {}

    /**
     * Called when the attempt is entered in the job record.
     *
     * @param attempt 1 for the first
     */
    default void attemptStarted(int attempt, String model) {}

    /** Called when a phase begins; it lasts until the next one or the settlement. */
    default void phaseStarted(String name) {}

    /**
     * Called when rows of the job enter the step loop.
     *
     * @param evaluations the number so far, all rows together; may be called by any thread
     * @return is notified when sampling ends
     */
    default Period samplingStarted(LongSupplier evaluations) {
      return Period.NONE;
    }

    /**
     * Called with a completed operation.
     *
     * @param from of {@link System#nanoTime}
     * @param to of {@link System#nanoTime}
     */
    default void recordSpan(String name, long from, long to, Map<String, Long> counts) {}

    /** Called by any thread when an image has been encoded. */
    default void imageEncoded(long nanos) {}

    /** Decorates the pool that runs tasks of this delivery. */
    default Executor wrap(Executor pool) {
      return pool;
    }

    /** Called when this delivery moved the job to a terminal state. */
    default void jobEnded(JobEvent.Type state) {}

    /** Called when the record is rejected: it has no valid id, or the id of another job. */
    default void rejected() {}

    /** The last call. */
    default void settled(Settlement settlement) {}
  }

  /** A timed operation in progress. */
  @FunctionalInterface
  interface Period {
    Period NONE = (to, counts) -> {};

    /**
     * Called when the operation has ended.
     *
     * @param to of {@link System#nanoTime}
     */
    void end(long to, Map<String, Long> counts);
  }
}
