package dev.mezzotint.job;

/** Thrown to stop an attempt before its work is done, without a failure. */
public final class AttemptStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public enum Reason {
    /** Another worker may hold the record: nothing may be published. */
    FENCED,
    /** This worker shuts down. */
    DRAINING,
    /** The request's deadline has passed. */
    LATE,
    /** The job's cancellation was requested. */
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

  /** Whether the job itself ends, not only this attempt. */
  public boolean endsJob() {
    return reason == Reason.LATE || reason == Reason.CANCELLED;
  }
}
