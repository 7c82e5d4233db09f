package dev.mezzotint.network;

import dev.mezzotint.model.DType;
import dev.mezzotint.model.Tensor;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state that training steps change, in float32 and under diffusers' names.
 *
 * @param ema moving average of the weights
 * @param firstMoments Adam's m
 * @param secondMoments Adam's v
 * @param iteration steps done so far
 */
public record OptimizerState(
    Map<String, Tensor> weights,
    Map<String, Tensor> ema,
    Map<String, Tensor> firstMoments,
    Map<String, Tensor> secondMoments,
    long iteration) {

  /** The tensors kept per weight. */
  public enum Part {
    WEIGHTS,
    EMA,
    FIRST_MOMENTS,
    SECOND_MOMENTS
  }

  /** The state before the first step: the average equals the weights, the moments are zero. */
  public static OptimizerState initial(Map<String, Tensor> weights) {
    // All moments share one array of zeros: separate ones take half a gigabyte for the paper's
    // network.
    long largest = weights.values().stream().mapToLong(Tensor::elements).max().orElse(0);
    ByteBuffer none = ByteBuffer.allocate(Math.toIntExact(largest * Float.BYTES));
    Map<String, Tensor> zeros = new LinkedHashMap<>();
    weights.forEach(
        (name, tensor) -> {
          int bytes = (int) tensor.elements() * Float.BYTES;
          zeros.put(name, new Tensor(DType.F32, tensor.shape(), none.slice(0, bytes)));
        });
    return new OptimizerState(weights, weights, zeros, zeros, 0);
  }
}
