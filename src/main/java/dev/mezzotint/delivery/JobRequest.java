package dev.mezzotint.delivery;

import dev.mezzotint.job.JobId;
import java.time.Instant;
import java.util.Optional;

/** What the requests of all kinds of jobs have. Immutable. */
public interface JobRequest {

  JobId id();

  /** After it the result is worth nothing. */
  Optional<Instant> deadline();

  /** Whether the deadline has passed, or is just passing. */
  default boolean lateAt(Instant now) {
    return deadline().isPresent() && !now.isBefore(deadline().get());
  }
}
