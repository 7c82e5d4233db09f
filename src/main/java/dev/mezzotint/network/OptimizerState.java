package dev.mezzotint.network;

import dev.mezzotint.model.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Everything that training steps change, in float32 and by diffusers' names.
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

  /** The state before the first step: the average is the weights, the moments are zero. */
  public static OptimizerState start(Map<String, Tensor> weights) {
    Map<String, Tensor> zeros = new LinkedHashMap<>();
    weights.forEach(
        (name, tensor) ->
            zeros.put(name, Tensor.ofFloats(new float[(int) tensor.elements()], tensor.shape())));
    return new OptimizerState(weights, weights, zeros, zeros, 0);
  }
}
