package dev.mezzotint.control;

import dev.mezzotint.job.TransientException;

/** Removes what attempts that came to nothing have left behind. Safe for use by many threads. */
@FunctionalInterface
public interface OrphanRemover {

  /**
   * Removes what the ended job's manifest does not list; nothing if the job has not ended.
   *
   * @return how many objects were removed
   * @throws TransientException if the store is away
   */
  int clean(String jobId);
}
