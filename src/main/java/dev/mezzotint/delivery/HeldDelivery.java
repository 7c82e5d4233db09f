package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobLife;
import dev.mezzotint.job.Patience;
import dev.mezzotint.job.Stopped;
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
public final class HeldDelivery {
  private final Delivery delivery;
  private final EventPublisher events;
  private final Patience patience;
  private final JobListener.Visit visit;
  private EventContext context;
  private JobLife life = JobLife.NEW;

  /** Of which nobody hears. */
  public HeldDelivery(Delivery delivery, EventPublisher events, Patience patience) {
    this(delivery, events, patience, JobListener.NONE.taken(delivery));
  }

  HeldDelivery(
      Delivery delivery, EventPublisher events, Patience patience, JobListener.Visit visit) {
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
  JobListener.Visit visit() {
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
  Stopped stopped() {
    return new Stopped(delivery.fenced() ? Stopped.Reason.FENCED : Stopped.Reason.DRAINING);
  }

  /**
   * @throws Stopped if the lock is lost
   * @throws dev.mezzotint.job.TransientException the last one, when patience ends
   */
  public <T> T patiently(Supplier<T> work) throws InterruptedException {
    return patience.call(
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
    JobLife next = inTurn(event);
    send(event);
    life = next;
  }

  /** As {@link #publish} for what is about the record and not about its job. */
  void publishRejected(JobEvent event) throws InterruptedException {
    send(event);
  }

  private void send(JobEvent event) throws InterruptedException {
    JobEvent complete = event.in(context);
    patiently(
        () -> {
          events.publish(complete);
          return complete;
        });
  }

  /** Progress: may be lost, does not wait, and is not told once the lock is lost. */
  void publishLater(JobEvent event) {
    JobLife next = inTurn(event);
    if (!delivery.fenced()) {
      events.publishLater(event.in(context));
      life = next;
    }
  }

  private JobLife inTurn(JobEvent event) {
    JobLife before = life;
    return before
        .after(event)
        .orElseThrow(() -> new IllegalStateException(event.id() + " does not follow " + before));
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
