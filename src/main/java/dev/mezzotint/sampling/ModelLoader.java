package dev.mezzotint.sampling;

import dev.mezzotint.network.Engine;
import dev.mezzotint.network.SamplingNetwork;
import java.util.Optional;

/** Finds and loads models. Safe for use by many threads. */
public interface ModelLoader {

  /**
   * Resolves a reference.
   *
   * @param reference {@code name}, {@code name@version} or {@code name@latest}
   * @param engine to be used if the device has it; empty for the device's own
   * @return the model with the engine that will evaluate it
   * @throws dev.mezzotint.json.InvalidInputException if there is no such model, or it cannot be
   *     read
   */
  ModelInfo find(String reference, Optional<Engine> engine);

  /** As {@link #find(String, Optional)}, with the device's own engine. */
  default ModelInfo find(String reference) {
    return find(reference, Optional.empty());
  }

  /**
   * Device memory of a model's weights in bytes. Reads no weights.
   *
   * @throws dev.mezzotint.json.InvalidInputException if the model cannot be read
   */
  long bytes(ModelInfo model);

  /**
   * Loads a model's weights onto the device; the caller closes the network.
   *
   * @throws dev.mezzotint.json.InvalidInputException if its weights are not those of its network
   */
  SamplingNetwork load(ModelInfo model);
}
