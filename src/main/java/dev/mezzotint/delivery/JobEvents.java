package dev.mezzotint.delivery;

import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobEvent.Type;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.Sha256;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Creates the events of jobs. The same fact has the same id, regardless of which worker publishes
 * it and how often:
 *
 * <pre>{@code
 * accepted    <jobId>/accepted
 * started     <jobId>/started/<attempt>
 * progressed  <jobId>/progressed/<attempt>/<n>
 * terminal    <jobId>/<state>/<first 16 hexadecimal digits of the manifest's SHA-256>
 * rejected    rejected/<topic>/<partition>/<offset>
 * }</pre>
 *
 * <p>Sequence = attempt · 1,000,000 + n with n = 1 accepted, 2 started, 3, 4, … progressed and
 * 999,999 terminal. The events of a later attempt therefore sort after those of an earlier one.
 * Accepted belongs to the first attempt; a later attempt may publish it again as the same event.
 */
public final class JobEvents {
  static final long ATTEMPT_SPAN = 1_000_000;

  /** Progress numbers go from 1 to this; at two a second that is five days. */
  static final int PROGRESS_MAX = 999_000;

  private static final int DIGEST_DIGITS = 16;

  private JobEvents() {}

  /** A worker has taken the job. */
  public static JobEvent accepted(JobRecord job) {
    return new JobEvent(
        job.id() + "/accepted",
        Type.ACCEPTED,
        job.id().value(),
        1,
        sequence(1, 1),
        job.created(),
        Map.of("model", job.model().orElse("")));
  }

  static JobEvent started(JobRecord job, String worker, Instant now) {
    return new JobEvent(
        job.id() + "/started/" + job.attempts(),
        Type.STARTED,
        job.id().value(),
        job.attempts(),
        sequence(job.attempts(), 2),
        now,
        Map.of("worker", worker, "model", job.model().orElse("")));
  }

  /**
   * An attempt has made progress.
   *
   * @param n 1 for the attempt's first, at most {@link #PROGRESS_MAX}
   * @param data the progress, with the members of the job's kind
   */
  public static JobEvent progressed(JobRecord job, int n, Map<String, Object> data, Instant now) {
    return new JobEvent(
        job.id() + "/progressed/" + job.attempts() + "/" + n,
        Type.PROGRESSED,
        job.id().value(),
        job.attempts(),
        sequence(job.attempts(), 2 + n),
        now,
        data);
  }

  /**
   * The terminal event, derived from the manifest alone.
   *
   * @param stored the manifest's bytes as stored
   * @throws dev.mezzotint.json.InvalidInputException if the bytes are not a manifest
   */
  public static JobEvent end(byte[] stored) {
    Manifest manifest = Manifest.parse(stored);
    String id = manifest.id().value();
    String digest = Sha256.sha256(stored);
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("manifest", Keys.manifest(id));
    data.put("manifestSha256", digest);
    manifest
        .result()
        .ifPresentOrElse(
            result -> data.putAll(result.event()), () -> data.put("cause", manifest.cause()));
    if (!manifest.field().isEmpty()) {
      data.put("field", manifest.field());
    }
    return new JobEvent(
        id + "/" + manifest.state().wireName() + "/" + digest.substring(0, DIGEST_DIGITS),
        manifest.state(),
        id,
        manifest.attempt(),
        sequence(manifest.attempt(), ATTEMPT_SPAN - 1),
        manifest.created(),
        data);
  }

  /**
   * A record without a valid id, or with the id of another request, was rejected.
   *
   * @param id in the record; empty if it is not valid
   */
  static JobEvent rejected(Delivery delivery, String id, String field, String cause, Instant now) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("topic", delivery.topic());
    data.put("partition", delivery.partition());
    data.put("offset", delivery.offset());
    data.put("cause", cause);
    if (!field.isEmpty()) {
      data.put("field", field);
    }
    return new JobEvent(
        "rejected/" + delivery.topic() + "/" + delivery.partition() + "/" + delivery.offset(),
        Type.REJECTED,
        id,
        /* attempt= */ 0,
        /* sequence= */ 0,
        now,
        data);
  }

  private static long sequence(int attempt, long n) {
    return attempt * ATTEMPT_SPAN + n;
  }
}
