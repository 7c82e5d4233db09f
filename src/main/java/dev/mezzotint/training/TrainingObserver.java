package dev.mezzotint.training;

/** Receives the events of a training, in order and on the training thread. */
@FunctionalInterface
public interface TrainingObserver {
  /** Ignores all events. */
  TrainingObserver NONE = event -> {};

  /** Steps wait until this returns. An exception ends the training. */
  void onEvent(TrainingEvent event) throws InterruptedException;
}
