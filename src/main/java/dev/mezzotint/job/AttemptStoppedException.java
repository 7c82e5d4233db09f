package dev.mezzotint.job;

/** An attempt ends before its work is done, and not through any failure. */
public final class AttemptStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public enum Reason {
    /** Another worker may hold the record by now: nothing may be published. */
    FENCED,
    /** This worker shuts down. */
    DRAINING,
    /** The request's deadline has passed. */
    LATE,
    /** Somebody called the job off. */
    CANCELLED
  }

  private final Reason reason;

  public AttemptStoppedException(Reason reason) {
    super(reason.name(), null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  /** Whether the job itself is over, not just this attempt. */
  public boolean endsJob() {
    return reason == Reason.LATE || reason == Reason.CANCELLED;
  }
}
