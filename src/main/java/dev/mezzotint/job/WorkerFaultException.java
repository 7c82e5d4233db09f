package dev.mezzotint.job;

/**
 * Something of this worker alone is at fault, such as its disk: another worker may do better, and
 * where none does, people want to know what it was.
 */
public final class WorkerFaultException extends TransientException {
  private static final long serialVersionUID = 1L;

  public WorkerFaultException(String message, Throwable cause) {
    super(message, cause);
  }
}
