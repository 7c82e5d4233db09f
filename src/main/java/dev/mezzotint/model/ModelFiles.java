package dev.mezzotint.model;

import java.nio.file.Path;
import java.util.Map;

/**
 * A model that was found on disk. Its configuration and card were read and agree; its weights are
 * read when asked for.
 *
 * @param version the card's, or the first 12 hexadecimal digits of the weights' SHA-256
 * @param weights a safetensors file or a zip pickle
 */
public record ModelFiles(
    String name, String version, NetworkConfig config, ModelCard card, Path weights) {
  /**
   * All tensors of the weights file, under the names of today's diffusers whatever the file calls
   * them. Whether they fit the network is for {@link Weights#check} to say.
   *
   * @throws dev.mezzotint.json.InvalidInputException naming the tensor or the file
   */
  public Map<String, Tensor> readWeights() {
    return WeightsFile.read(weights);
  }
}
