package dev.mezzotint.http;

/** The way of requests to the workers. Safe for use by many threads. */
public interface RequestPublisher {

  /**
   * Puts a request on the topic of its kind; returns once the broker has it.
   *
   * @param training whether it asks for a model
   * @throws dev.mezzotint.job.TransientException if the broker is away
   * @throws dev.mezzotint.json.InvalidInputException if the topic does not take so large a record
   */
  void submit(boolean training, String id, byte[] json);

  /** Calls a job off; returns once the broker has that. */
  void cancel(String id);
}
