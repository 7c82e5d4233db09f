package dev.mezzotint.job;

import java.util.concurrent.CompletableFuture;

/**
 * Publishes events and dead letters. Safe for use by many threads.
 *
 * <p>All methods throw {@link TransientException} if the broker cannot be reached within the time
 * limit.
 */
public interface EventPublisher extends AutoCloseable {

  /** Publishes an event; returns once the broker has stored it. */
  void publish(JobEvent event);

  /**
   * Starts to publish an event. Events that one thread sends one after the other are stored in this
   * order, unless one of them fails. A publisher that cannot do so publishes before it returns.
   *
   * @return completes once the broker has stored the event, or fails
   */
  default CompletableFuture<Void> send(JobEvent event) {
    publish(event);
    return CompletableFuture.completedFuture(null);
  }

  /** Publishes progress, which may be lost, without waiting. */
  void publishLater(JobEvent event);

  /**
   * Copies the delivered record, headers included, to the dead-letter topic; returns once the
   * broker has stored it.
   *
   * @param cause one sentence
   */
  void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause);

  @Override
  void close();
}
