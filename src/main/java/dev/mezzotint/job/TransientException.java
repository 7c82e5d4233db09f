package dev.mezzotint.job;

/** Something outside is away or slow (store, broker): the same work may succeed later. */
public class TransientException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TransientException(String message, Throwable cause) {
    super(message, cause);
  }

  public TransientException(String message) {
    super(message);
  }
}
