package dev.mezzotint.cli;

import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * What commands need of the machine they run on; made by the root, which knows the configuration.
 * Nothing is opened before it is asked for.
 */
public interface CommandContext {

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

  /**
   * Does something when the process is told to end, before its devices stand still.
   *
   * @return forgets it again
   */
  Runnable onShutdown(Runnable toEnd);

  /** Finds a model by any form of reference, the object store's included. */
  ModelFiles model(String reference);

  /** The folder of the models that come with the software. */
  Path bundledModels();

  /**
   * Does something with the models in the object store.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs here
   */
  <T> T inStore(Function<StoredModels, T> work);

  /**
   * Connects to the running system.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs here
   */
  MezzotintSystem requests();
}
