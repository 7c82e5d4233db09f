package dev.mezzotint.worker;

import dev.mezzotint.cli.Mezzotint;
import dev.mezzotint.cli.Requests;
import dev.mezzotint.cli.Surroundings;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.torch.TorchDevice;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.eclipse.microprofile.config.ConfigProvider;
import picocli.CommandLine;

/** Entry of the packaged application: the tool and the worker are one. */
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    String[] words = args.length == 0 ? new String[] {"worker"} : args;
    System.exit(Mezzotint.executed(line(), words));
  }

  /** All commands, on what this machine has. */
  static CommandLine line() {
    return Mezzotint.line(
        new Installed(),
        List.of(new WorkerCommand(Main::settings), new DemoCommand(Main::settings)),
        List.of(
            new QueueBench(Main::settings),
            new LatencyBench(Main::settings),
            new ObservingBench(Main::settings),
            new ScaleBench()));
  }

  private static Settings settings() {
    return Settings.read(ConfigProvider.getConfig());
  }

  /** What commands find on this machine. */
  private static final class Installed implements Surroundings {
    private final Ending ending = new Ending();

    @Override
    public Device workerDevice(String name) {
      Settings settings = settings();
      return TorchDevice.open(
          name.isEmpty() ? settings.device() : name, settings.threads(), settings.precision());
    }

    @Override
    public Runnable whenTold(Runnable toEnd) {
      return ending.add(toEnd);
    }

    @Override
    public Device device(String name) {
      ending.begin();
      Settings settings = settings();
      // A command has the machine to itself; a worker leaves a processor to what runs beside it.
      int threads =
          settings.threads() > 0 ? settings.threads() : Runtime.getRuntime().availableProcessors();
      return TorchDevice.open(
          name.isEmpty() ? settings.device() : name, threads, settings.precision());
    }

    @Override
    public ModelFiles model(String reference) {
      Settings settings = settings();
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
      Settings settings = settings();
      try (ObjectStore store = new S3ObjectStore(Endpoints.running(settings).s3())) {
        return work.apply(settings.storedModels(store));
      }
    }

    @Override
    public Requests requests() {
      return new KafkaRequests(Endpoints.running(settings()));
    }
  }
}
