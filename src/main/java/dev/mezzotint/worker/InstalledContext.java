package dev.mezzotint.worker;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.torch.TorchDevice;
import java.nio.file.Path;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;

/** What commands find on this machine. */
public final class InstalledContext implements CommandContext {
  private final ShutdownSequence ending = new ShutdownSequence();

  @Override
  public Device workerDevice(String name) {
    WorkerConfig settings = settings();
    return TorchDevice.open(
        name.isEmpty() ? settings.device() : name, settings.threads(), settings.precision());
  }

  @Override
  public Runnable onShutdown(Runnable toEnd) {
    return ending.add(toEnd);
  }

  @Override
  public Device device(String name) {
    ending.begin();
    WorkerConfig settings = settings();
    // A command has the machine to itself; a worker leaves a processor to what runs beside it.
    int threads =
        settings.threads() > 0 ? settings.threads() : Runtime.getRuntime().availableProcessors();
    return TorchDevice.open(
        name.isEmpty() ? settings.device() : name, threads, settings.precision());
  }

  @Override
  public ModelFiles model(String reference) {
    WorkerConfig settings = settings();
    if (ModelReference.parse(reference) instanceof ModelReference.Stored) {
      try (ObjectStore store = new S3ObjectStore(Endpoints.running(settings).s3())) {
        return new ModelFinder(settings, store).named(reference);
      }
    }
    return ModelFolder.open(reference, settings.models());
  }

  @Override
  public Path bundledModels() {
    return settings().models();
  }

  @Override
  public <T> T inStore(Function<StoredModels, T> work) {
    WorkerConfig settings = settings();
    try (ObjectStore store = new S3ObjectStore(Endpoints.running(settings).s3())) {
      return work.apply(settings.storedModels(store));
    }
  }

  @Override
  public MezzotintSystem requests() {
    return new KafkaSystem(Endpoints.running(settings()));
  }

  public static WorkerConfig settings() {
    return WorkerConfig.read(ConfigProvider.getConfig());
  }
}
