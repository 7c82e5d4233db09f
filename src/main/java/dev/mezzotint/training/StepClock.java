package dev.mezzotint.training;

import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import java.util.Map;

/**
 * Where the time of a training goes: into steps, or into waiting for the pictures of the next one.
 * For one thread.
 */
final class StepClock {
  private long mark = System.nanoTime();
  private long stepNanos;
  private long waitNanos;
  private long steps;

  /** What else was done between two steps ends here, and the wait for pictures begins. */
  void mark() {
    mark = System.nanoTime();
  }

  /** Steps timed so far. */
  long steps() {
    return steps;
  }

  /** In steps and in waiting for them. */
  double seconds() {
    return (stepNanos + waitNanos) / 1e9;
  }

  /** Of that time, 0 to 1. */
  double waitShare() {
    return stepNanos + waitNanos == 0 ? 0 : (double) waitNanos / (stepNanos + waitNanos);
  }

  /** The same device, with this clock on its training steps. */
  Device on(Device device) {
    return new Device() {
      @Override
      public String name() {
        return device.name();
      }

      @Override
      public String description() {
        return device.description();
      }

      @Override
      public int threads() {
        return device.threads();
      }

      @Override
      public long memoryBytes() {
        return device.memoryBytes();
      }

      @Override
      public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
        return device.load(program, weights);
      }

      @Override
      public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
        TrainingNetwork network = device.train(program, state);
        mark();
        return timed(network);
      }
    };
  }

  private TrainingNetwork timed(TrainingNetwork network) {
    return new TrainingNetwork() {
      @Override
      public StepResult step(Batch batch, double learningRate, double emaDecay) {
        long start = System.nanoTime();
        StepResult result = network.step(batch, learningRate, emaDecay);
        long end = System.nanoTime();
        waitNanos += start - mark;
        stepNanos += end - start;
        mark = end;
        steps++;
        return result;
      }

      @Override
      public OptimizerState state() {
        return network.state();
      }

      @Override
      public Map<String, Tensor> ema() {
        return network.ema();
      }

      @Override
      public void close() {
        network.close();
      }
    };
  }
}
