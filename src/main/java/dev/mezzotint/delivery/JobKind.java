package dev.mezzotint.delivery;

import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.json.InvalidInputException;
import java.util.Optional;

/**
 * A kind of job, as far as kinds differ: what its requests say, and how one is carried out. All
 * else is {@link JobHandler}'s. Safe for use by many threads.
 */
public interface JobKind<R extends JobRequest> {

  RequestReader<R> requests();

  /**
   * Fills in every default.
   *
   * @param model that an earlier attempt fixed; empty to take what the request names
   * @throws InvalidInputException if this request can never be carried out
   * @throws dev.mezzotint.job.TransientException if where models are kept is away
   */
  ExecutionPlan plan(R request, Optional<String> model);

  /** A request that can be carried out. For one attempt. */
  interface ExecutionPlan {

    /** What the first attempt fixes for all later ones: {@code name@version}. */
    String model();

    /**
     * Carries it out, or a part of it.
     *
     * @throws InvalidInputException if it turns out that it never can be: the job fails
     * @throws AttemptStoppedException as {@code watch} says
     * @throws dev.mezzotint.job.TransientException if store or broker were away for long
     */
    Outcome run(AttemptContext watch) throws InterruptedException;

    /** Between two events of its progress. */
    default long progressNanos() {
      return 500_000_000;
    }

    /** The job has ended, this way or another; what it needed may be thrown away. Best effort. */
    default void ended(Manifest manifest) {}
  }
}
