package dev.mezzotint.training;

/** Thrown when the loss or its gradient is no longer finite: further steps are useless. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param checkpoint step of the last checkpoint, 0 if there is none yet
   */
  public DivergedException(long iteration, long checkpoint) {
    super(
        "the loss or its gradient is not a number at step "
            + iteration
            + ": training stopped; "
            + kept(checkpoint)
            + "; a lower learning rate may help");
  }

  /** What remains of a training whose last checkpoint is that of a step, 0 for none. */
  static String kept(long checkpoint) {
    return checkpoint > 0
        ? "the last checkpoint is kept, that of step " + checkpoint
        : "there is no checkpoint yet";
  }
}
