package dev.mezzotint.cli;

import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.network.Device;

/**
 * What commands need of the machine they run on; made by the root, which knows the configuration.
 * Nothing is opened before it is asked for.
 */
public interface Surroundings {

  /**
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}; empty for the configured one
   */
  Device device(String name);

  /**
   * As {@link #device}, with as many threads as a worker gives it, which has other things to do.
   */
  default Device workerDevice(String name) {
    return device(name);
  }

  /** Finds a model by any form of reference, the object store's included. */
  ModelFiles model(String reference);

  /**
   * Connects to the running system.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs here
   */
  Requests requests();
}
