package dev.mezzotint.training;

import java.nio.file.Path;

/** Something that happened during a training. */
public sealed interface TrainingEvent {

  /**
   * An optimizer step is done.
   *
   * @param iteration steps done in all
   * @param gradientNorm before clipping
   * @param inputWaitShare share of the steps' time so far in which the device waited for its batch,
   *     0 to 1; NaN for the first step of a run
   */
  record Step(long iteration, double loss, double gradientNorm, double inputWaitShare)
      implements TrainingEvent {}

  /** Reflow pairs were generated or loaded; all of this happens before the first step. */
  record PairsReady(int ready, int total) implements TrainingEvent {}

  /**
   * A checkpoint was written to disk.
   *
   * @param iteration steps that it holds
   */
  record Checkpoint(long iteration, Path file) implements TrainingEvent {}

  /** A grid of sample images was written to disk. */
  record Sample(long iteration, Path file) implements TrainingEvent {}
}
