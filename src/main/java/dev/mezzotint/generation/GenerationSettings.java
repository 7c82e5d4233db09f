package dev.mezzotint.generation;

import dev.mezzotint.job.Patience;
import java.time.InstantSource;

/**
 * How a worker treats generation jobs.
 *
 * @param worker name of this process, unique among those that run now
 * @param attemptsMax after this many attempts that died, a job is given up
 * @param patience with the store and the broker
 */
public record GenerationSettings(
    String worker,
    GenerationLimits limits,
    int attemptsMax,
    Patience patience,
    InstantSource clock) {

  /** The defaults of everything but the name. */
  public static GenerationSettings of(String worker) {
    return new GenerationSettings(
        worker, GenerationLimits.DEFAULT, 5, Patience.DEFAULT, InstantSource.system());
  }

  public GenerationSettings withClock(InstantSource other) {
    return new GenerationSettings(worker, limits, attemptsMax, patience, other);
  }

  public GenerationSettings {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException("attemptsMax must be positive, not " + attemptsMax);
    }
  }
}
