package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Hears what becomes of deliveries while they are worked on: the port for meters, logs and traces.
 * What hears must neither wait nor throw. Safe for use by many threads.
 */
@FunctionalInterface
public interface JobListener {

  /** Hears nothing. */
  JobListener NONE = delivery -> new DeliveryObserver() {};

  /** A record has been taken. Called by the thread that will handle it. */
  DeliveryObserver taken(Delivery delivery);

  /** All of them hear everything, in this order. */
  static JobListener all(List<JobListener> listeners) {
    return delivery ->
        new CompositeDeliveryObserver(
            listeners.stream().map(listener -> listener.taken(delivery)).toList());
  }

  /**
   * One delivery, from its taking to its settlement. Called by its thread, but for what says so.
   */
  interface DeliveryObserver {

    /** The record is this job's. */
    default void job(String id) {}

    /** Nobody had heard of the job before; its record stands from here on. */
    default void jobCreated() {}

    /**
     * The attempt is entered in the job's record.
     *
     * @param attempt 1 for the first
     */
    default void attempt(int attempt, String model) {}

    /** What it does from here on, until the next phase or the end. */
    default void phase(String name) {}

    /**
     * Rows of the job share the step loop's passes from here on.
     *
     * @param evaluations so far, all rows together; may be asked by any thread
     */
    default Period samplingStarted(LongSupplier evaluations) {
      return Period.NONE;
    }

    /**
     * Something that has begun and ended.
     *
     * @param from of {@link System#nanoTime}
     * @param to of {@link System#nanoTime}
     */
    default void recordSpan(String name, long from, long to, Map<String, Long> counts) {}

    /** A picture was encoded. Called by any thread. */
    default void encoded(long nanos) {}

    /** Work that others do for this delivery. */
    default Executor wrap(Executor pool) {
      return pool;
    }

    /** This delivery brought about the job's end. */
    default void ended(JobEvent.Type state) {}

    /** The record was turned away: it is nobody's job, or claims another's id. */
    default void rejected() {}

    /** The last call. */
    default void settled(Settlement settlement) {}
  }

  /** Something that goes on. */
  @FunctionalInterface
  interface Period {
    Period NONE = (to, counts) -> {};

    /**
     * @param to of {@link System#nanoTime}
     */
    void end(long to, Map<String, Long> counts);
  }
}
