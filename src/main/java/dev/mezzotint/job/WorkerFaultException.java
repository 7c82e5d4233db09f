package dev.mezzotint.job;

/**
 * Thrown if something local to this worker fails, such as its disk: another worker may succeed. The
 * fault is noted in the job record and reported if all attempts fail.
 */
public final class WorkerFaultException extends TransientException {
  private static final long serialVersionUID = 1L;

  public WorkerFaultException(String message, Throwable cause) {
    super(message, cause);
  }
}
