package dev.mezzotint.generation;

/** An attempt ends before its work is done, and not through any failure. */
final class Stopped extends RuntimeException {
  private static final long serialVersionUID = 1L;

  enum Reason {
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

  Stopped(Reason reason) {
    super(reason.name(), null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }

  /** Whether the job itself is over, not just this attempt. */
  boolean endsJob() {
    return reason == Reason.LATE || reason == Reason.CANCELLED;
  }
}
