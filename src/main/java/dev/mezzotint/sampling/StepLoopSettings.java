package dev.mezzotint.sampling;

import java.util.function.LongSupplier;

/**
 * How a step loop uses its device.
 *
 * @param slots rows of one model that have begun and not ended, at most
 * @param passMax rows of the largest pass; the batch curve may find less to be enough
 * @param pinned rows of every pass, so that a picture's bytes do not depend on what else is under
 *     way; 0 to let the batch curve decide
 * @param modelBytesMax weights and slots of all models on the device
 * @param curves where batch curves come from
 * @param failuresMax passes or loads in a row that may fail before the device is given up
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
  /** Rows under way at once on a CPU, where larger passes gain little. */
  public static final int SLOTS_DEFAULT = 32;

  /** Rows of the largest pass on a CPU. */
  public static final int PASS_DEFAULT = 16;

  /** Passes of up to so many rows where bytes must not depend on the load. */
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

  /** So many rows at once, no curve, no limit on memory. */
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

  /** Time as somebody else says it is, in tests. */
  StepLoopSettings withClock(LongSupplier nanos) {
    return new StepLoopSettings(slots, passMax, pinned, modelBytesMax, curves, failuresMax, nanos);
  }
}
