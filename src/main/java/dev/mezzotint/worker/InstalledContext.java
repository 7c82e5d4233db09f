package dev.mezzotint.worker;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.FrontAddress;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.ObjectTransfer;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/** Services of this installation for commands. */
public final class InstalledContext implements CommandContext {
  private final ShutdownSequence ending = new ShutdownSequence();
  private @Nullable WorkerConfig config; // read at first use

  @Override
  public Runnable onShutdown(Runnable toEnd) {
    return ending.add(toEnd);
  }

  @Override
  public Device device(String name) {
    ending.begin();
    return Devices.open(config(), name.isEmpty() ? config().device() : name);
  }

  @Override
  public ModelFiles model(String reference) {
    Optional<ModelFiles> here = ModelFolder.openHere(reference, config().models());
    if (here.isPresent()) {
      return here.get();
    }
    boolean plain = ModelReference.parse(reference) instanceof ModelReference.Bundled;
    Optional<Endpoints> running =
        plain ? Endpoints.find(config()) : Optional.of(Endpoints.running(config()));
    if (running.isPresent()) {
      try (ObjectStore store = new S3ObjectStore(running.get().s3())) {
        return new ModelFinder(config(), store).named(reference);
      } catch (InvalidInputException e) {
        if (!plain) {
          throw e;
        }
        // refused below, with the names that exist
      }
    }
    return ModelFolder.open(reference, config().models());
  }

  @Override
  public Path bundledModels() {
    return config().models();
  }

  @Override
  public <T> T inStore(Function<StoredModels, T> work) {
    try (ObjectStore store = new S3ObjectStore(Endpoints.running(config()).s3())) {
      return work.apply(ModelFinder.storedModels(config(), store));
    }
  }

  @Override
  public JobClient client() {
    return new MezzotintClient(Endpoints.running(config()).kafka());
  }

  @Override
  public Optional<URI> workerApi() {
    WorkerConfig read = config();
    // A configured broker may be another one than that of the worker on this machine.
    boolean embedded = read.bootstrapServers().isEmpty() && read.store().endpoint().isEmpty();
    boolean open = read.front().token().isEmpty() && read.front().tokenFile().isEmpty();
    return embedded && open
        ? FrontAddress.find(read.data())
            .map(front -> URI.create("http://127.0.0.1:" + front.port()))
        : Optional.empty();
  }

  @Override
  public ObjectTransfer objects() {
    return objects(Endpoints.running(config()));
  }

  static ObjectTransfer objects(Endpoints endpoints) {
    return new ObjectTransfer(() -> new S3ObjectStore(endpoints.s3()), endpoints.s3().bucket());
  }

  private synchronized WorkerConfig config() {
    WorkerConfig read = config;
    if (read == null) {
      read = settings();
      config = read;
    }
    return read;
  }

  public static WorkerConfig settings() {
    return WorkerConfig.read(ConfigProvider.getConfig());
  }
}
