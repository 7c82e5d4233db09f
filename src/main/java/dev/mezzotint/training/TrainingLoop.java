package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.network.TrainingNetwork.Batch;
import dev.mezzotint.network.TrainingNetwork.StepResult;
import dev.mezzotint.training.recipe.Recipe;

/**
 * The training loop: take a batch, do a step, look at the loss, tell the watcher. Used by one
 * thread.
 *
 * <p>A step does, in one call on the device: x_α = (1 − α)·x0 + α·x1, loss (D(x_α, α) − (x1 −
 * x0))², gradients, Adam, moving average (paper, algorithm 3; {@code network.TrainStep}).
 */
final class TrainingLoop {

  /** What happens around the steps. Called on the loop's thread. */
  interface Watcher {
    /**
     * After each step.
     *
     * @param iteration steps done so far
     */
    void stepped(long iteration, StepResult result);

    /** State is to be kept now: a checkpoint is due, or the loop ends. */
    void checkpoint(long iteration);

    /** A sample grid is due. */
    void sample(long iteration);

    /**
     * How long the steps have had to wait for their pairs so far.
     *
     * @param share of the time that steps and waiting took together, since the first step
     */
    default void waited(double share) {}

    /** True to end after the step in hand, with a checkpoint. */
    boolean stopping();
  }

  private final Recipe recipe;
  private final TrainingNetwork network;
  private final Batches batches;
  private final Watcher watcher;

  TrainingLoop(Recipe recipe, TrainingNetwork network, Batches batches, Watcher watcher) {
    this.recipe = recipe;
    this.network = network;
    this.batches = batches;
    this.watcher = watcher;
  }

  /**
   * Runs from where the network stands to the recipe's last step, or until the watcher stops it.
   *
   * @return steps done in all
   * @throws DivergedException when loss or gradient is no longer a number; state is not kept then
   */
  long run() throws InterruptedException {
    long done = network.iteration();
    long iteration = done;
    long waited = 0;
    long busy = 0;
    try (Prefetch prefetch = new Prefetch(batches, done, recipe.iterations())) {
      while (iteration < recipe.iterations() && !watcher.stopping()) {
        long before = System.nanoTime();
        Batch batch = prefetch.next();
        long begun = System.nanoTime();
        StepResult result =
            network.step(
                batch,
                recipe.optimizer().rate(iteration, recipe.iterations()),
                recipe.emaDecay(iteration));
        iteration++;
        if (iteration > done + 1) { // nobody can prepare the first step's pairs before it
          waited += begun - before;
          busy += System.nanoTime() - before;
          watcher.waited((double) waited / busy);
        }
        // A gradient that is no number has spoilt the weights, though this loss was still fine.
        if (!Double.isFinite(result.loss()) || !Double.isFinite(result.gradientNorm())) {
          throw new DivergedException(iteration);
        }
        watcher.stepped(iteration, result);
        if (iteration % recipe.checkpointEvery() == 0 && iteration < recipe.iterations()) {
          watcher.checkpoint(iteration);
        }
        if (recipe.sampleEvery() > 0 && iteration % recipe.sampleEvery() == 0) {
          watcher.sample(iteration);
        }
      }
      watcher.checkpoint(iteration);
    }
    return iteration;
  }
}
