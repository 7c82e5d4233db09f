package dev.mezzotint.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonDocument;
import dev.mezzotint.json.Required;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code manifest.json}: how a job ended, and its result. Its conditional creation is the commit:
 * the first stored manifest is the job's end, and the terminal event derives from its bytes alone.
 *
 * @param state a terminal one
 * @param attempt the attempt that ended the job; 0 if there was none
 * @param generated result of a completed generation job
 * @param training result of a completed training job
 * @param field the invalid field of the request; empty if there is none
 * @param cause one sentence; empty for completed jobs
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Manifest(
    @Required JobId id,
    @Required JobEvent.Type state,
    int attempt,
    @Required Instant created,
    @Required String fingerprint,
    @JsonUnwrapped @Nullable GeneratedImages generated,
    @Nullable TrainedModel training,
    String field,
    String cause) {

  private static final int SCHEMA = 1;

  public Manifest {
    if (!state.terminal()) {
      throw new IllegalArgumentException("state must be terminal, not " + state.wireName());
    }
    if (attempt < 0) {
      throw new IllegalArgumentException("attempt must not be negative");
    }
    boolean completed = state == JobEvent.Type.COMPLETED;
    // Its members are next to those of the manifest, so a parsed manifest always has one.
    generated = completed && training == null ? generated : null;
    if (completed == (generated == null && training == null)) {
      throw new IllegalArgumentException("completed jobs have a result, other jobs do not");
    }
  }

  static Manifest completed(JobRecord job, Instant now, JobResult result) {
    return new Manifest(
        job.id(),
        JobEvent.Type.COMPLETED,
        job.attempts(),
        now,
        job.fingerprint(),
        result instanceof GeneratedImages images ? images : null,
        result instanceof TrainedModel model ? model : null,
        /* field= */ "",
        /* cause= */ "");
  }

  static Manifest failed(JobRecord job, Instant now, InvalidInputException refusal) {
    String cause = String.valueOf(refusal.getMessage());
    return withoutResult(job, JobEvent.Type.FAILED, now, refusal.field(), cause);
  }

  static Manifest failed(JobRecord job, Instant now, String cause) {
    return withoutResult(job, JobEvent.Type.FAILED, now, /* field= */ "", cause);
  }

  /**
   * Of a job that is cancelled or past its deadline.
   *
   * @throws IllegalArgumentException for a reason that does not end a job
   */
  public static Manifest endedEarly(
      JobRecord job, Instant now, AttemptStoppedException.Reason reason, JobRequest request) {
    return switch (reason) {
      case LATE ->
          withoutResult(
              job,
              JobEvent.Type.EXPIRED,
              now,
              "deadline",
              "deadline " + request.deadline().orElseThrow() + " has passed");
      case CANCELLED ->
          withoutResult(job, JobEvent.Type.CANCELLED, now, /* field= */ "", "cancelled by request");
      case FENCED, DRAINING -> throw new IllegalArgumentException(reason + " does not end the job");
    };
  }

  private static Manifest withoutResult(
      JobRecord job, JobEvent.Type state, Instant now, String field, String cause) {
    return new Manifest(
        job.id(), state, job.attempts(), now, job.fingerprint(), null, null, field, cause);
  }

  public Optional<JobResult> result() {
    return Optional.ofNullable(training == null ? generated : training);
  }

  public byte[] toJson() {
    return JsonDocument.write(SCHEMA, this);
  }

  /**
   * Reads a stored manifest.
   *
   * @throws InvalidInputException if these are not the bytes of a manifest, or are of a later
   *     schema
   */
  public static Manifest parse(byte[] bytes) {
    return JsonDocument.read(bytes, SCHEMA, Manifest.class);
  }
}
