package dev.mezzotint.sampling;

import java.util.function.LongSupplier;

/**
 * Settings of a step loop.
 *
 * @param slots running rows of one model, at most
 * @param passMax rows of the largest pass; the batch curve may choose a smaller cap
 * @param pinned rows of every pass, so that an image's bytes do not depend on other jobs; 0 to let
 *     the batch curve decide
 * @param modelBytesMax bytes of weights and slots of all models on the device
 * @param curves source of batch curves
 * @param failuresMax consecutive passes or loads that fail before the device is declared unhealthy
 * @param clock nanoseconds, rising
 */
public record StepLoopSettings(
    int slots,
    int passMax,
    int pinned,
    long modelBytesMax,
    BatchCurves curves,
    int failuresMax,
    LongSupplier clock) {
  /** Running rows on a CPU, where larger passes gain little. */
  public static final int SLOTS_DEFAULT = 32;

  /** Rows of the largest pass on a CPU. */
  public static final int PASS_DEFAULT = 16;

  /** Largest value of {@code pinned}. */
  public static final int PINNED_MAX = 1024;

  private static final int FAILURES_DEFAULT = 3;

  public StepLoopSettings {
    if (slots < 1 || passMax < 1 || failuresMax < 1) {
      throw new IllegalArgumentException("slots, passMax and failuresMax must be positive");
    }
    if (pinned < 0 || pinned > PINNED_MAX) {
      throw new IllegalArgumentException("pinned must be from 0 to " + PINNED_MAX);
    }
  }

  /** Settings without a batch curve and without a limit on memory. */
  public static StepLoopSettings of(int slots) {
    return new StepLoopSettings(
        slots,
        slots,
        /* pinned= */ 0,
        Long.MAX_VALUE,
        BatchCurves.unmeasured(),
        FAILURES_DEFAULT,
        System::nanoTime);
  }

  public StepLoopSettings withPassMax(int rows) {
    return new StepLoopSettings(slots, rows, pinned, modelBytesMax, curves, failuresMax, clock);
  }

  public StepLoopSettings withPinned(int rows) {
    return new StepLoopSettings(slots, passMax, rows, modelBytesMax, curves, failuresMax, clock);
  }

  public StepLoopSettings withModelBytesMax(long bytes) {
    return new StepLoopSettings(slots, passMax, pinned, bytes, curves, failuresMax, clock);
  }

  public StepLoopSettings withCurves(BatchCurves from) {
    return new StepLoopSettings(slots, passMax, pinned, modelBytesMax, from, failuresMax, clock);
  }

  /** For tests. */
  StepLoopSettings withClock(LongSupplier nanos) {
    return new StepLoopSettings(slots, passMax, pinned, modelBytesMax, curves, failuresMax, nanos);
  }
}
