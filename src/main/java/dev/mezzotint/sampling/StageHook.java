package dev.mezzotint.sampling;

/**
 * Reads or changes a row on the host between its stages, for trajectories and inpainting. Called on
 * the device's thread and must return quickly; every call costs a transfer. Used by one row.
 */
public interface StageHook {
  StageHook NONE =
      new StageHook() {
        @Override
        public boolean wantsStage(int stages) {
          return false;
        }

        @Override
        public boolean afterStage(int stages, float[] x) {
          return false;
        }
      };

  /**
   * Whether {@link #afterStage} is to be called now.
   *
   * @param stages that the row has passed
   */
  boolean wantsStage(int stages);

  /**
   * @param stages that the row has passed
   * @param x C×H×W, this call's own copy
   * @return true if x was changed and the row is to continue from there
   */
  boolean afterStage(int stages, float[] x);

  /** A hook that calls this one and then another, on the same x. */
  default StageHook then(StageHook next) {
    StageHook first = this;
    return new StageHook() {
      @Override
      public boolean wantsStage(int stages) {
        return first.wantsStage(stages) || next.wantsStage(stages);
      }

      @Override
      public boolean afterStage(int stages, float[] x) {
        boolean changed = first.wantsStage(stages) && first.afterStage(stages, x);
        return (next.wantsStage(stages) && next.afterStage(stages, x)) || changed;
      }
    };
  }
}
