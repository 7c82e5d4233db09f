package dev.mezzotint.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * Records the path of a row: frames evenly spread over its stages, from its start to its end.
 * Written by the device's thread, read once the row has finished.
 */
public final class Trajectory implements StageHook {
  /** Frames of one row; they are in memory until the row ends. */
  public static final int FRAMES_MAX = 64;

  private final int stages;
  private final int every;
  private final List<float[]> frames = new ArrayList<>();

  /**
   * @param stages of the row
   * @param perStep stages of one step; within a step x is not on the path
   * @param start C×H×W, kept
   */
  public Trajectory(int stages, int perStep, float[] start) {
    this.stages = stages;
    int steps = stages / perStep;
    int stride = (steps + FRAMES_MAX - 2) / (FRAMES_MAX - 1);
    this.every = Math.max(1, stride) * perStep;
    frames.add(start);
  }

  @Override
  public boolean wantsStage(int passed) {
    return passed == stages || passed % every == 0;
  }

  @Override
  public synchronized boolean afterStage(int passed, float[] x) {
    frames.add(x.clone());
    return false;
  }

  /** C×H×W each, from x0 to x1. */
  public synchronized List<float[]> frames() {
    return List.copyOf(frames);
  }
}
