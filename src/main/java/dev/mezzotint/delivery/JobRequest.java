package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.JobId;
import java.time.Instant;
import java.util.Optional;

/** What the requests of all kinds of jobs have in common. Immutable. */
public interface JobRequest {

  JobId id();

  /** The time from which on the result is worthless. */
  Optional<Instant> deadline();

  /**
   * The reason why the job ends now without further work; empty if there is none.
   *
   * @param cancelled whether the cancellation of the job was requested
   */
  default Optional<AttemptStoppedException.Reason> endReason(boolean cancelled, Instant now) {
    if (cancelled) {
      return Optional.of(AttemptStoppedException.Reason.CANCELLED);
    }
    return deadline()
        .filter(time -> !now.isBefore(time))
        .map(time -> AttemptStoppedException.Reason.LATE);
  }
}
