package dev.mezzotint.sampling;

/** Makes pictures of rows; shared by all jobs of this process. Safe for use by many threads. */
public interface Sampler {

  /**
   * Finds the model that a reference stands for.
   *
   * @param model {@code name}, {@code name@version} or {@code name@latest}
   * @throws dev.mezzotint.json.InvalidInputException if there is no such model, or it cannot be
   *     read
   * @throws dev.mezzotint.job.TransientException if where it is kept is away
   */
  ModelInfo resolve(String model);

  /**
   * Starts all rows of a job and returns at once; what becomes of them the listener hears, possibly
   * before this returns.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the job can never run here
   */
  Running submit(SamplingJob job, RowListener listener);

  /** Rows under way. Safe for use by many threads. */
  interface Running {

    /**
     * Takes the rows out at the next step; returns at once. Rows that were about to finish may
     * still be heard of. No effect on rows that have ended.
     */
    void cancel();
  }

  /** Called on the device's thread: must return quickly, and hand encoding and storing on. */
  interface RowListener {

    /**
     * @param stages how many stages rows of this job have passed since the last call, all rows
     *     together
     */
    void advanced(int stages);

    /**
     * @param row index of the image within the job
     * @param chw the picture, C×H×W, nominally in [−1, 1] and not clamped; the listener's to keep
     */
    void finished(int row, float[] chw);

    /**
     * The job cannot go on; nothing more comes of its rows.
     *
     * @param cause {@link dev.mezzotint.job.DeviceException} where the device failed, {@link
     *     dev.mezzotint.json.InvalidInputException} where the job's own input or model is at fault
     */
    void failed(RuntimeException cause);
  }
}
