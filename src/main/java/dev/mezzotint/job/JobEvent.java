package dev.mezzotint.job;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/**
 * An event of a job, as published on {@code mezzotint.events}.
 *
 * @param id identity of the event: the same fact published twice has the same id
 * @param jobId the job; for {@link Type#REJECTED} the id in the record, or empty
 * @param attempt 1 for the first execution; 0 before any
 * @param sequence rises within a job and attempt, so that receivers can ignore late events
 * @param time when it happened
 * @param data further members of the event's JSON body, by name: strings, numbers, booleans, lists
 *     and maps of these
 * @param context attributes copied from the record that led to the event; sent as headers
 */
public record JobEvent(
    String id,
    Type type,
    String jobId,
    int attempt,
    long sequence,
    Instant time,
    Map<String, Object> data,
    EventContext context) {

  public JobEvent {
    data = Map.copyOf(data);
  }

  public JobEvent(
      String id,
      Type type,
      String jobId,
      int attempt,
      long sequence,
      Instant time,
      Map<String, Object> data) {
    this(id, type, jobId, attempt, sequence, time, data, EventContext.NONE);
  }

  public JobEvent withContext(EventContext other) {
    return new JobEvent(id, type, jobId, attempt, sequence, time, data, other);
  }

  /** Types of events; a job has exactly one terminal event id. */
  public enum Type {
    ACCEPTED,
    STARTED,
    PROGRESSED,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED,
    /** Refers to a record, not to a job: it never ends a job. */
    REJECTED;

    public boolean terminal() {
      return this == COMPLETED || this == FAILED || this == CANCELLED || this == EXPIRED;
    }

    /** The name in messages and documents: the constant's name in lower case. */
    @JsonValue
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
