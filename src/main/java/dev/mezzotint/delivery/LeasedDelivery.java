package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.EventContext;
import dev.mezzotint.job.EventPublisher;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.job.RetryPolicy;
import dev.mezzotint.job.TransientException;
import java.net.URI;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * A delivery while its lock is held. All visible effects of a delivery go through this class, so
 * that nothing is done after the lock is lost, and events are published in the order of {@link
 * JobState}.
 *
 * <p>Transient failures are retried until the retry policy gives up or the worker shuts down. For
 * one thread.
 */
public final class LeasedDelivery {
  private final Delivery delivery;
  private final EventPublisher events;
  private final RetryPolicy retryPolicy;
  private final JobListener.DeliveryObserver observer;
  private EventContext context;
  private JobState state = JobState.NEW;

  /** Events that the broker may not have stored yet, in their order. */
  private final Map<JobEvent, CompletableFuture<Void>> sent = new LinkedHashMap<>();

  public LeasedDelivery(Delivery delivery, EventPublisher events, RetryPolicy patience) {
    this(delivery, events, patience, JobListener.NONE.deliveryStarted(delivery));
  }

  LeasedDelivery(
      Delivery delivery,
      EventPublisher events,
      RetryPolicy patience,
      JobListener.DeliveryObserver observer) {
    this.observer = observer;
    this.delivery = delivery;
    this.events = events;
    this.retryPolicy = patience;
    this.context = EventContext.of(delivery);
  }

  Delivery delivery() {
    return delivery;
  }

  JobListener.DeliveryObserver observer() {
    return observer;
  }

  /** Sets the deadline that the events carry, once the request is parsed. */
  public void setDeadline(Optional<Instant> deadline) {
    context = context.expiring(deadline);
  }

  /** Sets the address that the job's end is sent to, once the request is parsed. */
  public void setWebhook(Optional<URI> webhook) {
    context = context.calling(webhook);
  }

  /** True once the work should stop: the lock is lost, or the worker shuts down. */
  boolean stopping() {
    return delivery.fenced() || delivery.draining();
  }

  /** The exception that ends the work. */
  AttemptStoppedException stopException() {
    return new AttemptStoppedException(
        delivery.fenced()
            ? AttemptStoppedException.Reason.FENCED
            : AttemptStoppedException.Reason.DRAINING);
  }

  /**
   * Retries an operation while it fails with a transient exception and the lock is held.
   *
   * @throws AttemptStoppedException if the lock is lost
   * @throws TransientException the last failure, once the retry policy gives up
   */
  public <T> T withRetry(Supplier<T> operation) throws InterruptedException {
    return retryPolicy.withRetry(
        this::stopping,
        () -> {
          if (delivery.fenced()) {
            throw stopException();
          }
          return operation.get();
        });
  }

  public void withRetry(Runnable operation) throws InterruptedException {
    withRetry(
        () -> {
          operation.run();
          return true;
        });
  }

  /** Returns once the broker has the job's next event, and those before it. */
  void publish(JobEvent event) throws InterruptedException {
    awaitEvents();
    JobState next = stateAfter(event);
    publishRejected(event);
    state = next;
  }

  /** As {@link #publish}, for an event that refers to the record and not to its job. */
  void publishRejected(JobEvent event) throws InterruptedException {
    JobEvent complete = event.withContext(context);
    withRetry(() -> events.publish(complete));
  }

  /**
   * Starts to publish the job's next event, so that the work can begin meanwhile. To be followed by
   * {@link #awaitEvents} before the job's end is committed.
   *
   * @throws AttemptStoppedException if the lock is lost
   */
  void send(JobEvent event) {
    if (delivery.fenced()) {
      throw stopException();
    }
    state = stateAfter(event);
    JobEvent complete = event.withContext(context);
    sent.put(complete, start(complete));
  }

  private CompletableFuture<Void> start(JobEvent event) {
    try {
      return events.send(event);
    } catch (TransientException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Returns once the broker has all events that were sent; publishes again what it has not. */
  void awaitEvents() throws InterruptedException {
    boolean stored = true;
    for (Map.Entry<JobEvent, CompletableFuture<Void>> one : sent.entrySet()) {
      try {
        one.getValue().get();
      } catch (ExecutionException e) {
        stored = false;
      }
      if (!stored) { // also those after it, for their order
        withRetry(() -> events.publish(one.getKey()));
      }
    }
    sent.clear();
  }

  /** Whether the broker has all events that were sent; starts again to publish what has failed. */
  private boolean eventsStored() {
    if (!sent.values().stream().allMatch(CompletableFuture::isDone)) {
      return false;
    }
    if (sent.values().stream().anyMatch(CompletableFuture::isCompletedExceptionally)) {
      sent.replaceAll((event, failed) -> start(event));
      return false;
    }
    sent.clear();
    return true;
  }

  /**
   * Publishes progress without waiting; it may be lost, and is dropped once the lock is lost, or
   * while the events before it are not stored.
   */
  void publishLater(JobEvent event) {
    JobState next = stateAfter(event);
    if (!delivery.fenced() && eventsStored()) {
      events.publishLater(event.withContext(context));
      state = next;
    }
  }

  private JobState stateAfter(JobEvent event) {
    JobState before = state;
    return before
        .after(event)
        .orElseThrow(() -> new IllegalStateException(event.id() + " does not follow " + before));
  }

  void deadLetter(String jobId, int attempt, String field, String cause)
      throws InterruptedException {
    withRetry(() -> events.deadLetter(delivery, jobId, attempt, field, cause));
  }
}
