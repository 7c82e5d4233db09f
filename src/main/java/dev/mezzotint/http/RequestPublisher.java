package dev.mezzotint.http;

/** Publishes requests to the workers. Safe for use by many threads. */
public interface RequestPublisher {

  /**
   * Writes a request to the topic of its kind; returns once the broker has it.
   *
   * @param training whether it asks for a model
   * @throws dev.mezzotint.job.TransientException if the broker does not answer
   * @throws dev.mezzotint.json.InvalidInputException if the record is too large for the topic
   */
  void submit(boolean training, String id, byte[] json);

  /** Requests that a job be cancelled; returns once the broker has that. */
  void cancel(String id);
}
