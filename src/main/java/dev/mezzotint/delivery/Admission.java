package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;

/**
 * The decision on a request: run it, end the job because it is cancelled or past its deadline, fail
 * it as invalid, or report a defect of this worker.
 */
sealed interface Admission {

  /** An attempt is made, and counted. */
  record Run(JobKind.ExecutionPlan plan) implements Admission {}

  /**
   * This worker or its model files have a defect. It counts as an attempt, so that another worker
   * can try, and the job fails after the usual number of attempts.
   */
  record Defect(RuntimeException cause) implements Admission {}

  /** The request can never be carried out: the job fails. */
  record Invalid(InvalidInputException refusal) implements Admission {}

  /** The job has ended before its work began. */
  record Ended(AttemptStoppedException.Reason reason) implements Admission {}

  /** Whether an attempt is entered in the job record. */
  default boolean countsAsAttempt() {
    return this instanceof Run || this instanceof Defect;
  }

  default Optional<String> model() {
    return this instanceof Run run ? Optional.of(run.plan().model()) : Optional.empty();
  }

  default Optional<String> engine() {
    return this instanceof Run run ? run.plan().engine() : Optional.empty();
  }
}
