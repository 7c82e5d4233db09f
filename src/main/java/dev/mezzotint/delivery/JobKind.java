package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;

/**
 * A kind of job: how its requests are read and carried out. {@link JobHandler} does everything that
 * all kinds have in common. Safe for use by many threads.
 */
public interface JobKind<R extends JobRequest> {

  RequestReader<R> requestReader();

  /**
   * Resolves the model and fills in every default.
   *
   * @param model fixed by an earlier attempt; empty to resolve the model that the request names
   * @param engine fixed by an earlier attempt, used where this worker has it; empty for its own
   * @throws InvalidInputException if this request can never be carried out
   * @throws dev.mezzotint.job.TransientException if the store of models is unavailable
   */
  ExecutionPlan plan(R request, Optional<String> model, Optional<String> engine);

  /** A request that can be carried out; for one attempt. */
  interface ExecutionPlan {

    /** The model as {@code name@version}, which the first attempt fixes for all later ones. */
    String model();

    /** The engine, which the first attempt fixes for all later ones; empty if any will do. */
    default Optional<String> engine() {
      return Optional.empty();
    }

    /**
     * Carries out the request, or a part of it.
     *
     * @throws InvalidInputException if the request can never be carried out: the job fails
     * @throws AttemptStoppedException if {@code context} requires the attempt to stop
     * @throws dev.mezzotint.job.TransientException if store or broker stay unavailable
     */
    Outcome run(AttemptContext context) throws InterruptedException;

    /** Minimum time between two progress events. */
    default long progressIntervalNanos() {
      return 500_000_000;
    }

    /** Removes what the job needed while it ran; called once the job has ended. Best effort. */
    default void cleanUp(Manifest manifest) {}
  }
}
