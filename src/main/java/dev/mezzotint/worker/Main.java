package dev.mezzotint.worker;

import dev.mezzotint.cli.Mezzotint;
import dev.mezzotint.cli.Surroundings;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.torch.TorchDevice;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.nio.file.Path;
import java.util.List;

/** Entry of the packaged application: the tool and the worker are one. */
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    int threads = Integer.getInteger("mezzotint.threads", 0);
    Surroundings surroundings =
        new Surroundings() {
          @Override
          public Device device(String name) {
            return TorchDevice.open(name.isEmpty() ? "cpu" : name, threads);
          }

          @Override
          public ModelFiles model(String reference) {
            return ModelFolder.open(reference, Path.of("models"));
          }
        };
    System.exit(Mezzotint.run(surroundings, List.of(), args));
  }
}
