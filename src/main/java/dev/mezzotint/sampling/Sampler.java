package dev.mezzotint.sampling;

import dev.mezzotint.network.Engine;
import java.util.Optional;

/** Samples images; shared by all jobs of this process. Safe for use by many threads. */
public interface Sampler {

  /**
   * Resolves a reference to a model.
   *
   * @param model {@code name}, {@code name@version} or {@code name@latest}
   * @param engine that an earlier attempt has used, taken if the device has it; empty for its own
   * @throws dev.mezzotint.json.InvalidInputException if there is no such model, or it cannot be
   *     read
   * @throws dev.mezzotint.job.TransientException if its storage is unavailable
   */
  ModelInfo resolve(String model, Optional<Engine> engine);

  /**
   * Submits all rows of a job and returns at once. The listener may be called before this returns.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the job can never run here
   */
  Running submit(SamplingJob job, RowListener listener);

  /** Submitted rows. Safe for use by many threads. */
  interface Running {

    /**
     * Removes the rows at the next step; returns at once. The listener may still be called for rows
     * that were about to finish. No effect on rows that have ended.
     */
    void cancel();
  }

  /**
   * Called on the device's thread: must return quickly and leave encoding and storing to others.
   */
  interface RowListener {

    /**
     * @param stages number of stages passed since the last call, all rows of this job together
     */
    void advanced(int stages);

    /**
     * @param row index of the image within the job
     * @param chw the image, C×H×W, nominally in [−1, 1] and not clamped; owned by the listener
     */
    void finished(int row, float[] chw);

    /**
     * The job has failed; its rows get no further calls.
     *
     * @param cause {@link dev.mezzotint.job.DeviceException} where the device failed, {@link
     *     dev.mezzotint.json.InvalidInputException} where the job's own input or model is at fault
     */
    void failed(RuntimeException cause);
  }
}
