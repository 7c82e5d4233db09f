package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.Optional;

/**
 * What this worker makes of a request: it can be carried out, it is over before it began, it never
 * can be, or this worker stumbled over it. Exactly one of the four is there.
 *
 * @param defect an error in this worker or its model files: an attempt like any other, so that
 *     another worker may do better, and five of them are enough
 * @param over {@code LATE} or {@code CANCELLED}: no attempt is to be made
 */
public record Admission(
    Optional<JobKind.ExecutionPlan> plan,
    Optional<InvalidInputException> refusal,
    Optional<RuntimeException> defect,
    Optional<AttemptStoppedException.Reason> over) {

  /**
   * @param model that an earlier attempt fixed; empty to take what the request names
   * @param cancelled somebody called the job off
   * @throws TransientException if where models are kept is away
   */
  static <R extends JobRequest> Admission on(
      ParsedRequest<R> intake,
      Optional<String> model,
      JobKind<R> work,
      boolean cancelled,
      Instant now) {
    if (intake.request().isEmpty()) {
      return refused(intake.refusal().orElseThrow());
    }
    R request = intake.request().get();
    Optional<AttemptStoppedException.Reason> over = over(request, cancelled, now);
    if (over.isPresent()) {
      return new Admission(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(over.get()));
    }
    try {
      JobKind.ExecutionPlan plan = work.plan(request, model);
      return new Admission(Optional.of(plan), Optional.empty(), Optional.empty(), Optional.empty());
    } catch (InvalidInputException e) {
      return refused(e);
    } catch (TransientException e) {
      throw e;
    } catch (RuntimeException e) {
      return new Admission(Optional.empty(), Optional.empty(), Optional.of(e), Optional.empty());
    }
  }

  /** Whether a good request is over before any of its work, or in the midst of it. */
  public static Optional<AttemptStoppedException.Reason> over(
      JobRequest request, boolean cancelled, Instant now) {
    if (cancelled) {
      return Optional.of(AttemptStoppedException.Reason.CANCELLED);
    }
    return request.lateAt(now)
        ? Optional.of(AttemptStoppedException.Reason.LATE)
        : Optional.empty();
  }

  private static Admission refused(InvalidInputException refusal) {
    return new Admission(
        Optional.empty(), Optional.of(refusal), Optional.empty(), Optional.empty());
  }

  /** Whether an attempt is to be made, and counted. */
  boolean runnable() {
    return refusal.isEmpty() && over.isEmpty();
  }

  /**
   * @throws RuntimeException the defect, if that is what this is
   */
  JobKind.ExecutionPlan planOrThrow() {
    if (defect.isPresent()) {
      throw defect.get();
    }
    return plan.orElseThrow();
  }

  /** How a job ends that is not runnable. */
  Manifest end(JobRecord job, ParsedRequest<?> intake, Instant now) {
    return refusal.isPresent()
        ? Manifest.failed(job, now, refusal.get())
        : end(over.orElseThrow(), job, intake.request().orElseThrow(), now);
  }

  /** How a job ends that is late or called off, before it began or in the middle. */
  public static Manifest end(
      AttemptStoppedException.Reason over, JobRecord job, JobRequest request, Instant now) {
    return switch (over) {
      case LATE -> Manifest.expired(job, now, request);
      case CANCELLED -> Manifest.cancelled(job, now);
      case FENCED, DRAINING -> throw new IllegalArgumentException(over + " ends no job");
    };
  }
}
