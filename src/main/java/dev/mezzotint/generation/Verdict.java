package dev.mezzotint.generation;

import dev.mezzotint.job.TransientException;
import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.Optional;

/**
 * What this worker makes of a request: it can be carried out, it is too late, it never can be, or
 * this worker stumbled over it. Exactly one of plan, refusal and defect is there.
 *
 * @param defect an error in this worker or its model files: an attempt like any other, so that
 *     another worker may do better, and five of them are enough
 */
record Verdict(
    Optional<Plan> plan,
    Optional<InvalidInputException> refusal,
    Optional<RuntimeException> defect,
    boolean late) {

  /**
   * @param model that an earlier attempt fixed; empty to take what the request names
   * @throws TransientException if where models are kept is away
   */
  static Verdict on(
      Intake intake,
      Optional<String> model,
      Sampling sampling,
      GenerationLimits limits,
      Instant now) {
    if (intake.request().isEmpty()) {
      return refused(intake.refusal().orElseThrow());
    }
    GenerationRequest request = intake.request().get();
    try {
      ModelInfo info = sampling.resolve(model.orElse(request.model()));
      Plan plan = Plan.of(request, info, limits);
      boolean late = request.lateAt(now);
      return new Verdict(Optional.of(plan), Optional.empty(), Optional.empty(), late);
    } catch (InvalidInputException e) {
      return refused(e);
    } catch (TransientException e) {
      throw e;
    } catch (RuntimeException e) {
      return new Verdict(Optional.empty(), Optional.empty(), Optional.of(e), /* late= */ false);
    }
  }

  private static Verdict refused(InvalidInputException refusal) {
    return new Verdict(Optional.empty(), Optional.of(refusal), Optional.empty(), /* late= */ false);
  }

  /** Whether an attempt is to be made, and counted. */
  boolean runnable() {
    return refusal.isEmpty() && !late;
  }

  /**
   * @throws RuntimeException the defect, if that is what this is
   */
  Plan planOrThrow() {
    if (defect.isPresent()) {
      throw defect.get();
    }
    return plan.orElseThrow();
  }

  /** How a job ends that is not runnable. */
  Manifest end(JobRecord job, Instant now) {
    return refusal.isPresent()
        ? Manifest.failed(job, now, refusal.get())
        : Manifest.expired(job, now, plan.orElseThrow().request());
  }
}
