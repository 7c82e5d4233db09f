package dev.mezzotint.training;

/** Training has run away: going on would only spend the device. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DivergedException(long iteration) {
    super(
        "the loss or its gradient is not a number at step "
            + iteration
            + ": training stopped; the last checkpoint stands, a lower learning rate may help");
  }
}
