package dev.mezzotint.training;

import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.network.TrainingNetwork.Batch;
import dev.mezzotint.network.TrainingNetwork.StepResult;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * The training loop: take a batch, run a step, log the loss, notify the observer. Used by one
 * thread.
 *
 * <p>One call on the device runs a whole step: x_α = (1 − α)·x0 + α·x1, loss (D(x_α, α) − (x1 −
 * x0))², gradients, Adam, moving average (paper, algorithm 3; {@code network.TrainStep}).
 */
final class TrainingLoop {

  /** What the loop writes. Called on the loop's thread. */
  interface Output {
    void log(TrainingEvent.Step step);

    /** Writes the network's state, of {@code iteration} steps. */
    Path checkpoint(long iteration);

    /** Writes a grid of sample images. */
    Path sample(long iteration);
  }

  private final Recipe recipe;
  private final TrainingNetwork network;
  private final Batches batches;
  private final Output output;
  private final TrainingObserver observer;

  TrainingLoop(
      Recipe recipe,
      TrainingNetwork network,
      Batches batches,
      Output output,
      TrainingObserver observer) {
    this.recipe = recipe;
    this.network = network;
    this.batches = batches;
    this.output = output;
    this.observer = observer;
  }

  /**
   * Runs from the network's current step to the recipe's last one. Ends with a checkpoint.
   *
   * @param stopping asked before each step; true ends the run early
   * @return steps done in all
   * @throws DivergedException if loss or gradient is no longer finite; writes no checkpoint then
   */
  long run(BooleanSupplier stopping) throws InterruptedException {
    long first = network.iteration();
    long iteration = first;
    long saved = first;
    long waited = 0;
    long busy = 0;
    try (Prefetch prefetch = new Prefetch(batches, first, recipe.iterations())) {
      while (iteration < recipe.iterations() && !stopping.getAsBoolean()) {
        long before = System.nanoTime();
        Batch batch = prefetch.next();
        long begun = System.nanoTime();
        StepResult result =
            network.step(
                batch,
                recipe.optimizer().rate(iteration, recipe.iterations()),
                recipe.emaDecay(iteration));
        iteration++;
        double waitShare = Double.NaN;
        if (iteration > first + 1) { // the first step's batch cannot be prepared in advance
          waited += begun - before;
          busy += System.nanoTime() - before;
          waitShare = (double) waited / busy;
        }
        // A gradient that is not finite has spoilt the weights, though this loss was still finite.
        if (!Double.isFinite(result.loss()) || !Double.isFinite(result.gradientNorm())) {
          throw new DivergedException(iteration, saved);
        }
        var step =
            new TrainingEvent.Step(iteration, result.loss(), result.gradientNorm(), waitShare);
        output.log(step);
        observer.onEvent(step);
        if (iteration % recipe.checkpointEvery() == 0 && iteration < recipe.iterations()) {
          checkpoint(iteration);
          saved = iteration;
        }
        if (recipe.sampleEvery() > 0 && iteration % recipe.sampleEvery() == 0) {
          observer.onEvent(new TrainingEvent.Sample(iteration, output.sample(iteration)));
        }
      }
      checkpoint(iteration);
    }
    return iteration;
  }

  private void checkpoint(long iteration) throws InterruptedException {
    observer.onEvent(new TrainingEvent.Checkpoint(iteration, output.checkpoint(iteration)));
  }
}
