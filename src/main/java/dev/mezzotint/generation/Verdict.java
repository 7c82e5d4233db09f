package dev.mezzotint.generation;

import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.Optional;

/**
 * What this worker makes of a request: it can be carried out, it is too late, or it never can be.
 * Exactly one of plan and refusal is there.
 */
record Verdict(Optional<Plan> plan, Optional<InvalidInputException> refusal, boolean late) {

  /**
   * @param model that an earlier attempt fixed; empty to take what the request names
   * @throws dev.mezzotint.job.TransientException if where models are kept is away
   */
  static Verdict on(
      Intake intake,
      Optional<String> model,
      Sampling sampling,
      GenerationLimits limits,
      Instant now) {
    if (intake.request().isEmpty()) {
      return new Verdict(Optional.empty(), intake.refusal(), /* late= */ false);
    }
    GenerationRequest request = intake.request().get();
    try {
      ModelInfo info = sampling.resolve(model.orElse(request.model()));
      Plan plan = Plan.of(request, info, limits);
      return new Verdict(Optional.of(plan), Optional.empty(), request.lateAt(now));
    } catch (InvalidInputException e) {
      return new Verdict(Optional.empty(), Optional.of(e), /* late= */ false);
    }
  }

  boolean runnable() {
    return plan.isPresent() && !late;
  }

  /** How a job ends that is not runnable. */
  Manifest end(JobRecord job, Instant now) {
    return refusal.isPresent()
        ? Manifest.failed(job, now, refusal.get())
        : Manifest.expired(job, now, plan.orElseThrow().request());
  }
}
