package dev.mezzotint.worker;

import dev.mezzotint.cli.Mezzotint;
import dev.mezzotint.torch.TorchDevice;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;

/** Entry of the packaged application: the tool and the worker are one. */
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    int threads = Integer.getInteger("mezzotint.threads", 0);
    System.exit(Mezzotint.run(name -> TorchDevice.open(name, threads), List.of(), args));
  }
}
