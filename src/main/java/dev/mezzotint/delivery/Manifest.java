package dev.mezzotint.delivery;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code manifest.json}: how a job ended, and with what. Its conditional creation is the commit:
 * the first one that stands is the job's end, and the terminal event derives from its bytes alone.
 *
 * @param state a terminal one
 * @param attempt the attempt that ended the job; 0 if none was made
 * @param result what it leaves; for completed jobs
 * @param field of the request that is at fault; empty if none
 * @param cause one sentence; empty for completed jobs
 */
public record Manifest(
    JobId id,
    JobEvent.Type state,
    int attempt,
    Instant created,
    String fingerprint,
    Optional<JobResult> result,
    String field,
    String cause) {

  static final int SCHEMA = 1;

  private static final List<String> STATES =
      Stream.of(JobEvent.Type.values())
          .filter(JobEvent.Type::terminal)
          .map(JobEvent.Type::wireName)
          .toList();

  public Manifest {
    if (!state.terminal()) {
      throw new IllegalArgumentException("a manifest is the end of a job, not " + state);
    }
    if (result.isPresent() != (state == JobEvent.Type.COMPLETED)) {
      throw new IllegalArgumentException("a result is of completed jobs, not " + state);
    }
  }

  static Manifest completed(JobRecord job, Instant now, JobResult result) {
    return new Manifest(
        job.id(),
        JobEvent.Type.COMPLETED,
        job.attempts(),
        now,
        job.fingerprint(),
        Optional.of(result),
        "",
        "");
  }

  static Manifest failed(JobRecord job, Instant now, InvalidInputException refusal) {
    String cause = String.valueOf(refusal.getMessage());
    return without(job, JobEvent.Type.FAILED, now, refusal.field(), cause);
  }

  static Manifest failed(JobRecord job, Instant now, String cause) {
    return without(job, JobEvent.Type.FAILED, now, "", cause);
  }

  static Manifest expired(JobRecord job, Instant now, JobRequest request) {
    String cause = "deadline " + request.deadline().orElseThrow() + " has passed";
    return without(job, JobEvent.Type.EXPIRED, now, "deadline", cause);
  }

  static Manifest cancelled(JobRecord job, Instant now) {
    return without(job, JobEvent.Type.CANCELLED, now, "", "called off");
  }

  private static Manifest without(
      JobRecord job, JobEvent.Type state, Instant now, String field, String cause) {
    return new Manifest(
        job.id(), state, job.attempts(), now, job.fingerprint(), Optional.empty(), field, cause);
  }

  public byte[] toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", SCHEMA);
    json.put("id", id.value());
    json.put("state", state.wireName());
    json.put("attempt", attempt);
    json.put("created", created.toString());
    json.put("fingerprint", fingerprint);
    result.ifPresent(r -> json.putAll(r.toMap()));
    if (!field.isEmpty()) {
      json.put("field", field);
    }
    if (!cause.isEmpty()) {
      json.put("cause", cause);
    }
    return JsonText.writePretty(json);
  }

  /**
   * @throws InvalidInputException if these are not the bytes of a manifest, or are of a later
   *     schema
   */
  public static Manifest parse(byte[] bytes) {
    JsonObject json = JsonObject.parse(bytes);
    json.integer("schema", SCHEMA, SCHEMA)
        .orElseThrow(() -> json.refuse("schema", "is missing: " + SCHEMA + " is required"));
    String state =
        json.word("state", STATES)
            .orElseThrow(() -> json.refuse("state", "is missing: how the job ended"));
    JobEvent.Type type = JobEvent.Type.valueOf(state.toUpperCase(Locale.ROOT));
    return new Manifest(
        JobId.read(json),
        type,
        json.integer("attempt", 0, Integer.MAX_VALUE, 0),
        JobRecord.time(json, "created"),
        json.requiredString("fingerprint"),
        type == JobEvent.Type.COMPLETED ? Optional.of(JobResult.parse(json)) : Optional.empty(),
        json.string("field", ""),
        json.string("cause", ""));
  }
}
