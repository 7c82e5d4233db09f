package dev.mezzotint.sampling;

import dev.mezzotint.network.SamplingNetwork;

/** The models that can be asked for. Safe for use by many threads. */
public interface ModelLoader {

  /**
   * Finds what a reference stands for now.
   *
   * @param reference {@code name}, {@code name@version} or {@code name@latest}
   * @throws dev.mezzotint.json.InvalidInputException if there is no such model, or it cannot be
   *     read
   */
  ModelInfo find(String reference);

  /**
   * Memory that a model's weights will take on the device. Reads no weights.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the model cannot be read
   */
  long bytes(ModelInfo model);

  /**
   * Puts a model's weights on the device; the caller closes what it gets.
   *
   * @throws dev.mezzotint.json.InvalidInputException if its weights are not those of its network
   */
  SamplingNetwork load(ModelInfo model);
}
