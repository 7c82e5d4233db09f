package dev.mezzotint.delivery;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonDocument;
import dev.mezzotint.json.Required;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * {@code job.json}: the request that owns the id, its model version, and its attempts. The first
 * object of a job, created before any work, so that another request with the same id finds it.
 *
 * @param fingerprint SHA-256 of the request with its members sorted
 * @param model {@code name@version}, fixed by the first attempt so that {@code latest} does not
 *     change between attempts; empty before the first
 * @param engine that evaluates the network, fixed by the first attempt so that all images of a job
 *     are of one engine; empty before the first, and for jobs that depend on none
 * @param attempts number of attempts so far
 * @param failedAttempts attempts known to have died: their record was delivered again without
 *     having been handed back. Duplicates of a request are records of their own and do not count,
 *     so they cannot use up a job's attempts
 * @param history the latest attempts, oldest first, at most {@value #HISTORY_MAX}
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record JobRecord(
    @Required JobId id,
    @Required String fingerprint,
    Optional<String> model,
    Optional<String> engine,
    int attempts,
    @JsonAlias("strikes") int failedAttempts,
    @Required Instant created,
    List<Attempt> history) {

  public static final int HISTORY_MAX = 16;
  private static final int SCHEMA = 1;

  /**
   * One attempt at the job.
   *
   * @param number from 1
   * @param run unique id of the attempt; identifies its own writes when an answer of the store is
   *     lost
   * @param position of the delivered record, or of the record that it is a copy of
   * @param handedBack the attempt ended in good order before the job did: at a shutdown, or after
   *     its part of the work
   * @param advanced the attempt stored something that later attempts continue from
   * @param fault of the worker, if one ended the attempt; else empty
   */
  public record Attempt(
      int number,
      @Required String worker,
      @Required String run,
      @Required String position,
      @Required Instant time,
      boolean handedBack,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean advanced,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String fault) {

    private Attempt with(boolean nowHandedBack, boolean nowAdvanced, String nowFault) {
      return new Attempt(number, worker, run, position, time, nowHandedBack, nowAdvanced, nowFault);
    }
  }

  public JobRecord {
    history = List.copyOf(history);
    if (attempts < 0 || failedAttempts < 0 || history.size() > HISTORY_MAX) {
      throw new IllegalArgumentException(
          "attempts must not be negative, and history may have at most "
              + HISTORY_MAX
              + " entries");
    }
  }

  /** A job before its first attempt. */
  public static JobRecord withoutAttempts(JobId id, String fingerprint, Instant now) {
    return new JobRecord(id, fingerprint, Optional.empty(), Optional.empty(), 0, 0, now, List.of());
  }

  /**
   * With one more attempt.
   *
   * @param attemptModel used unless an earlier attempt has fixed a model; empty if none was found
   * @param attemptEngine in the same way
   */
  JobRecord withAttempt(
      Optional<String> attemptModel,
      Optional<String> attemptEngine,
      String worker,
      String run,
      String position,
      Instant now) {
    List<Attempt> next = new ArrayList<>(history);
    next.add(
        new Attempt(
            attempts + 1,
            worker,
            run,
            position,
            now,
            /* handedBack= */ false,
            /* advanced= */ false,
            /* fault= */ ""));
    return new JobRecord(
        id,
        fingerprint,
        model.or(() -> attemptModel),
        model.isPresent() ? engine : attemptEngine,
        attempts + 1,
        failedAttemptsAt(position),
        created,
        next.subList(Math.max(0, next.size() - HISTORY_MAX), next.size()));
  }

  /** Number of failed attempts, given that the record at this position was just delivered. */
  int failedAttemptsAt(String position) {
    for (int i = history.size() - 1; i >= 0; i--) {
      Attempt attempt = history.get(i);
      if (attempt.position().equals(position)) {
        return attempt.handedBack() || attempt.advanced() ? failedAttempts : failedAttempts + 1;
      }
    }
    return failedAttempts;
  }

  /** With the attempt of this run marked as ended in good order. */
  JobRecord withHandBack(String run) {
    return with(
        failedAttempts, run, a -> a.with(/* nowHandedBack= */ true, a.advanced(), a.fault()));
  }

  /**
   * With the attempt of this run marked as advanced, and no failed attempts: a job that makes
   * progress does not fail, however many workers it loses.
   */
  JobRecord withAdvance(String run) {
    return with(
        /* failed= */ 0, run, a -> a.with(a.handedBack(), /* nowAdvanced= */ true, a.fault()));
  }

  /** With the attempt of this run marked as ended by a fault of its worker. */
  JobRecord withFault(String run, String fault) {
    return with(failedAttempts, run, a -> a.with(a.handedBack(), a.advanced(), fault));
  }

  private JobRecord with(int failed, String run, UnaryOperator<Attempt> change) {
    List<Attempt> changed =
        history.stream().map(a -> a.run().equals(run) ? change.apply(a) : a).toList();
    return new JobRecord(id, fingerprint, model, engine, attempts, failed, created, changed);
  }

  /** The latest fault of a worker; empty if there was none. */
  String lastFault() {
    return history.stream().map(Attempt::fault).reduce("", (a, b) -> b.isEmpty() ? a : b);
  }

  /** Run of the latest attempt; empty before the first. */
  String lastRun() {
    return history.isEmpty() ? "" : history.get(history.size() - 1).run();
  }

  public byte[] toJson() {
    return JsonDocument.write(SCHEMA, this);
  }

  /**
   * Reads a stored job record.
   *
   * @throws InvalidInputException if these are not the bytes of a job record, or are of a later
   *     schema
   */
  public static JobRecord parse(byte[] bytes) {
    return JsonDocument.read(bytes, SCHEMA, JobRecord.class);
  }
}
