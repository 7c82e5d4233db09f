package dev.mezzotint.network;

import dev.mezzotint.model.Tensor;
import java.util.Map;

/**
 * A network with its optimizer on a device. Used by one thread at a time; closed by whoever made
 * it.
 */
public interface TrainingNetwork extends AutoCloseable {

  /**
   * One optimizer step on one batch: blend, evaluate, loss, gradients, Adam, moving average.
   *
   * @param learningRate Adam's
   * @param emaDecay share of the old average that stays
   * @throws DeviceMemoryException if the memory does not suffice; what has changed then is not
   *     known, so that another network must begin from a state that was kept
   */
  StepResult step(Batch batch, double learningRate, double emaDecay);

  /** Steps done so far, those before its state was handed over included. */
  long iteration();

  /**
   * A copy of one tensor that the steps have changed. All of them together are four times as large
   * as the network: whoever keeps the state takes them one by one.
   *
   * @param name by diffusers' names
   */
  Tensor read(OptimizerState.Part part, String name);

  /** A copy of the moving average alone, by diffusers' names. */
  Map<String, Tensor> ema();

  @Override
  void close();

  /**
   * @param loss of the batch, before the step
   * @param gradientNorm over all weights, before clipping
   */
  record StepResult(double loss, double gradientNorm) {}

  /**
   * N training pairs; all arrays in C order, owned by the batch.
   *
   * @param x1 data, N×C×height×width in [−1, 1]
   * @param x0 the other end of the blend, same shape; Gaussian noise by default
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
