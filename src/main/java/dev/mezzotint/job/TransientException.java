package dev.mezzotint.job;

/** Thrown if a store or broker is unavailable or slow: the same operation may succeed later. */
public class TransientException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TransientException(String message, Throwable cause) {
    super(message, cause);
  }

  public TransientException(String message) {
    super(message);
  }
}
