package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.job.RetryPolicy;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A delivery as long as its lock is held. Everything that others can see is done through here, so
 * that nothing is done after the lock was lost, and no event is told out of turn.
 *
 * <p>What fails for a passing reason is tried again, until patience ends or the worker shuts down.
 * For one thread.
 */
public final class LeasedDelivery {
  private final Delivery delivery;
  private final EventPublisher events;
  private final RetryPolicy patience;
  private final JobListener.DeliveryObserver visit;
  private EventContext context;
  private JobState life = JobState.NEW;

  /** Of which nobody hears. */
  public LeasedDelivery(Delivery delivery, EventPublisher events, RetryPolicy patience) {
    this(delivery, events, patience, JobListener.NONE.taken(delivery));
  }

  LeasedDelivery(
      Delivery delivery,
      EventPublisher events,
      RetryPolicy patience,
      JobListener.DeliveryObserver visit) {
    this.visit = visit;
    this.delivery = delivery;
    this.events = events;
    this.patience = patience;
    this.context = EventContext.of(delivery);
  }

  Delivery delivery() {
    return delivery;
  }

  /** Who hears of it. */
  JobListener.DeliveryObserver visit() {
    return visit;
  }

  /** Once the request is read: its deadline goes with its events. */
  public void expiring(Optional<Instant> deadline) {
    context = context.expiring(deadline);
  }

  /** True once the work should end: the lock is lost or the worker shuts down. */
  boolean ending() {
    return delivery.fenced() || delivery.draining();
  }

  /** Why the work ends. */
  AttemptStoppedException stopped() {
    return new AttemptStoppedException(
        delivery.fenced()
            ? AttemptStoppedException.Reason.FENCED
            : AttemptStoppedException.Reason.DRAINING);
  }

  /**
   * @throws AttemptStoppedException if the lock is lost
   * @throws dev.mezzotint.job.TransientException the last one, when patience ends
   */
  public <T> T withRetry(Supplier<T> work) throws InterruptedException {
    return patience.withRetry(
        this::ending,
        () -> {
          if (delivery.fenced()) {
            throw stopped();
          }
          return work.get();
        });
  }

  /** Returns once the broker has the job's next event. */
  void publish(JobEvent event) throws InterruptedException {
    JobState next = inTurn(event);
    send(event);
    life = next;
  }

  /** As {@link #publish} for what is about the record and not about its job. */
  void publishRejected(JobEvent event) throws InterruptedException {
    send(event);
  }

  private void send(JobEvent event) throws InterruptedException {
    JobEvent complete = event.in(context);
    withRetry(
        () -> {
          events.publish(complete);
          return complete;
        });
  }

  /** Progress: may be lost, does not wait, and is not told once the lock is lost. */
  void publishLater(JobEvent event) {
    JobState next = inTurn(event);
    if (!delivery.fenced()) {
      events.publishLater(event.in(context));
      life = next;
    }
  }

  private JobState inTurn(JobEvent event) {
    JobState before = life;
    return before
        .after(event)
        .orElseThrow(() -> new IllegalStateException(event.id() + " does not follow " + before));
  }

  void deadLetter(String jobId, int attempt, String field, String cause)
      throws InterruptedException {
    withRetry(
        () -> {
          events.deadLetter(delivery, jobId, attempt, field, cause);
          return cause;
        });
  }
}
