package dev.mezzotint.job;

/**
 * Where events and dead letters go. Safe for use by many threads.
 *
 * <p>Throws {@link TransientException} when the broker cannot be reached within its time limit.
 */
public interface EventPublisher extends AutoCloseable {

  /** Returns once the broker has the event durably. */
  void publish(JobEvent event);

  /** Best effort, does not wait: for progress, which may be lost. */
  void publishLater(JobEvent event);

  /**
   * Copies the delivered record, headers included, to the dead-letter topic; returns once the
   * broker has it durably.
   *
   * @param cause one sentence
   */
  void deadLetter(Delivery delivery, String jobId, int attempt, String field, String cause);

  @Override
  void close();
}
