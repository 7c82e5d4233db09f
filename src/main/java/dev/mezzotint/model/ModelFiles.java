package dev.mezzotint.model;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * A model on disk. Configuration and card are read and consistent; the weights are read on demand.
 *
 * @param version the card's, or the first 12 hexadecimal digits of the weights' SHA-256
 * @param weights a safetensors file or a zip pickle
 */
public record ModelFiles(
    String name, String version, NetworkConfig config, ModelCard card, Path weights) {
  /**
   * Reads all tensors of the weights file, under their current names in diffusers, without a check
   * whether they fit the network.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming the tensor or the file
   */
  public Map<String, Tensor> readWeights() {
    return WeightsFile.read(weights);
  }

  /**
   * Reads the weights of a network, without what modules around it added to their names.
   *
   * @param expected shape by name, in the network's order
   * @throws dev.mezzotint.json.InvalidInputException naming the tensor or the file
   */
  public Map<String, Tensor> readWeights(Map<String, long[]> expected) {
    Map<String, Tensor> read = readWeights(expected.keySet());
    Weights.check(read, expected);
    return read;
  }

  /**
   * Reads all tensors, without what modules around the network added to their names and without a
   * check whether they fit.
   *
   * @param expected names of the network's tensors
   * @throws dev.mezzotint.json.InvalidInputException naming the tensor or the file
   */
  public Map<String, Tensor> readWeights(Set<String> expected) {
    return WeightNames.unwrapped(readWeights(), expected);
  }
}
