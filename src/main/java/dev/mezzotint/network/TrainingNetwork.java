package dev.mezzotint.network;

import dev.mezzotint.model.Tensor;
import java.util.Map;

/**
 * A network with its optimizer on a device. Used by one thread at a time; closed by the caller of
 * {@link Device#train}.
 */
public interface TrainingNetwork extends AutoCloseable {

  /**
   * Runs one optimizer step on a batch: blend, evaluation, loss, gradients, Adam, moving average.
   *
   * @param learningRate of Adam
   * @param emaDecay share of the old average that is kept
   * @throws DeviceMemoryException if memory runs out; the state is then undefined, and training
   *     must continue with another network from a saved state
   */
  StepResult step(Batch batch, double learningRate, double emaDecay);

  /** Steps done so far, including those before the state was loaded. */
  long iteration();

  /**
   * Copies one tensor of the state. All of them together are four times the size of the network, so
   * they are read one by one.
   *
   * @param name diffusers' name
   */
  Tensor read(OptimizerState.Part part, String name);

  /** Copies the moving average, by diffusers' names. */
  Map<String, Tensor> ema();

  @Override
  void close();

  /**
   * Metrics of a step.
   *
   * @param loss of the batch, before the step
   * @param gradientNorm over all weights, before clipping
   */
  record StepResult(double loss, double gradientNorm) {}

  /**
   * N training pairs; arrays are in C order and belong to the batch.
   *
   * @param x1 data, N×C×height×width in [−1, 1]
   * @param x0 the other end of the blend, N×C×height×width; Gaussian noise by default
   * @param condition N×K×height×width; empty when K = 0
   * @param alpha N, in [0, 1)
   * @param classes N class labels; zeros for a network without classes
   */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  record Batch(
      float[] x1,
      float[] x0,
      float[] condition,
      float[] alpha,
      long[] classes,
      int channels,
      int conditionChannels,
      int height,
      int width) {
    public int rows() {
      return alpha.length;
    }
  }
}
