package dev.mezzotint.job;

import java.time.Instant;
import java.util.Map;

/**
 * Something that happened to a job, as published on {@code mezzotint.events}.
 *
 * @param id identity of the event: the same fact published twice has the same id
 * @param type what happened
 * @param jobId the job; for {@link Type#REJECTED} the id that the request claimed, or empty
 * @param attempt 1 for the first execution; 0 before any
 * @param sequence rises within a job and attempt, so that receivers can drop what comes late
 * @param time when it happened
 * @param data further members of the event's JSON body, by name: strings, numbers, booleans, lists
 *     and maps of these
 * @param context what it takes over from the record that led to it; beside the body, in headers
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

  /** Without a context. */
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

  /** The same event, led to by a record. */
  public JobEvent in(EventContext other) {
    return new JobEvent(id, type, jobId, attempt, sequence, time, data, other);
  }

  /** The states that a job passes through; a job has exactly one terminal event id. */
  public enum Type {
    ACCEPTED,
    STARTED,
    PROGRESSED,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED,
    /** About a record, not about a job: it never ends a job. */
    REJECTED;

    public boolean terminal() {
      return this == COMPLETED || this == FAILED || this == CANCELLED || this == EXPIRED;
    }

    /** The word on the wire: the name in lower case. */
    public String wireName() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }
}
