package dev.mezzotint.generation;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.Patience;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A delivery as long as its lock is held. Everything that others can see is done through here, so
 * that nothing is done after the lock was lost.
 *
 * <p>What fails for a passing reason is tried again, until patience ends or the worker shuts down.
 */
record HeldDelivery(
    Delivery delivery, EventPublisher events, Patience patience, EventContext context) {

  HeldDelivery(Delivery delivery, EventPublisher events, Patience patience) {
    this(delivery, events, patience, EventContext.of(delivery));
  }

  /** Once the request is read: its deadline goes with its events. */
  HeldDelivery expiring(Optional<Instant> deadline) {
    return new HeldDelivery(delivery, events, patience, context.expiring(deadline));
  }

  /** True once the work should end: the lock is lost or the worker shuts down. */
  boolean ending() {
    return delivery.fenced() || delivery.draining();
  }

  /** Why the work ends. */
  Stopped stopped() {
    return new Stopped(delivery.fenced() ? Stopped.Reason.FENCED : Stopped.Reason.DRAINING);
  }

  /**
   * @throws Stopped if the lock is lost
   * @throws dev.mezzotint.job.TransientException the last one, when patience ends
   */
  <T> T patiently(Supplier<T> work) throws InterruptedException {
    return patience.call(
        this::ending,
        () -> {
          if (delivery.fenced()) {
            throw stopped();
          }
          return work.get();
        });
  }

  void publish(JobEvent event) throws InterruptedException {
    patiently(
        () -> {
          events.publish(event.in(context));
          return event;
        });
  }

  /** Best effort, once. */
  void publishLater(JobEvent event) {
    if (!delivery.fenced()) {
      events.publishLater(event.in(context));
    }
  }

  void deadLetter(String jobId, int attempt, String field, String cause)
      throws InterruptedException {
    patiently(
        () -> {
          events.deadLetter(delivery, jobId, attempt, field, cause);
          return cause;
        });
  }
}
