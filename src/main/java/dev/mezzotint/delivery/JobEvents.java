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
 * The events of a job. The same fact gives the same id whoever publishes it and however often:
 *
 * <pre>{@code
 * accepted    <jobId>/accepted
 * started     <jobId>/started/<attempt>
 * progressed  <jobId>/progressed/<attempt>/<n>
 * an end      <jobId>/<state>/<first 16 hexadecimal digits of the manifest's SHA-256>
 * rejected    rejected/<topic>/<partition>/<offset>
 * }</pre>
 *
 * <p>Sequence = attempt · 1,000,000 + n with n = 1 accepted, 2 started, 3, 4, … progressed and
 * 999,999 the end. So a later attempt's events stand above an earlier one's, and accepted, which is
 * the first attempt's, may come again with a later attempt and still be the same event.
 */
public final class JobEvents {
  static final long ATTEMPT_SPAN = 1_000_000;

  /** Progress numbers go from 1 to this; at two a second that is five days. */
  static final int PROGRESS_MAX = 999_000;

  private static final int DIGEST_DIGITS = 16;

  private JobEvents() {}

  static JobEvent accepted(JobRecord job) {
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
   * @param n 1 for the attempt's first, at most {@link #PROGRESS_MAX}
   * @param data how far it is, in the words of its kind
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
   * The end of a job as its manifest tells it.
   *
   * @param standing the manifest's bytes as they stand in the store
   * @throws dev.mezzotint.json.InvalidInputException if they are no manifest
   */
  public static JobEvent end(byte[] standing) {
    Manifest manifest = Manifest.parse(standing);
    String id = manifest.id().value();
    String digest = Sha256.sha256(standing);
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
   * About a record that is nobody's job, or claims somebody else's id.
   *
   * @param id that it claims; empty if none that is valid
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
