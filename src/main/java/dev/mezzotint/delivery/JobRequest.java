package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/** What the requests of all kinds of jobs have in common. Immutable. */
public interface JobRequest {

  /** A request that names no tenant belongs to this one. */
  String NO_TENANT = "default";

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

  /**
   * Reads the field {@code deadline} of any kind of request; empty if absent.
   *
   * @throws dev.mezzotint.json.InvalidInputException if it is not a time
   */
  static Optional<Instant> readDeadline(JsonObject json) {
    Optional<String> text = json.string("deadline");
    try {
      return text.map(time -> OffsetDateTime.parse(time).toInstant());
    } catch (DateTimeException e) {
      throw json.refuse(
          "deadline",
          "must be a time such as 2027-01-31T12:00:00Z, not "
              + JsonObject.quote(text.orElseThrow()));
    }
  }

  /**
   * Reads the field {@code tenant} of any kind of request.
   *
   * @throws dev.mezzotint.json.InvalidInputException if it is not a name
   */
  static String readTenant(JsonObject json) {
    String tenant = json.string("tenant", NO_TENANT);
    if (!tenant.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
      throw json.refuse(
          "tenant",
          "must be 1 to 128 letters, digits, '.', '_' or '-', not " + JsonObject.quote(tenant));
    }
    return tenant;
  }
}
