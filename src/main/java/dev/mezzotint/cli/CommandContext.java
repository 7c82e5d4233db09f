package dev.mezzotint.cli;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.ObjectTransfer;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** Services available to commands, created from the configuration. Each is opened on first use. */
public interface CommandContext {

  /**
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}; empty for the configured one
   */
  Device device(String name);

  /**
   * Registers an action for the shutdown of the process, run before its devices are closed.
   *
   * @return removes the registration
   */
  Runnable onShutdown(Runnable toEnd);

  /** Finds a model by any form of reference, including models in the object store. */
  ModelFiles model(String reference);

  Path bundledModels();

  /**
   * Runs an operation on the models in the object store.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs on this
   *     machine
   */
  <T> T inStore(Function<StoredModels, T> work);

  /**
   * Connects to the running system's broker.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs on this
   *     machine
   */
  JobClient client();

  /** The REST API of a worker that commands may call without a token; empty if there is none. */
  default Optional<URI> workerApi() {
    return Optional.empty();
  }

  /**
   * Copies files to and from the running system's bucket.
   *
   * @throws dev.mezzotint.json.InvalidInputException if none is configured and none runs here
   */
  ObjectTransfer objects();
}
