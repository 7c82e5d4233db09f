package dev.mezzotint.training;

/** Thrown when the loss or its gradient is no longer finite: further steps are useless. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DivergedException(long iteration) {
    super(
        "the loss or its gradient is not a number at step "
            + iteration
            + ": training stopped; the last checkpoint is kept, a lower learning rate may help");
  }
}
