package dev.mezzotint.worker;

import io.quarkus.runtime.Quarkus;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/** {@code worker}: consumes requests until it is stopped. */
@Command(
    name = "worker",
    description = {
      "Consume requests until stopped (the default command).",
      "Without KAFKA_BOOTSTRAP_SERVERS and S3_ENDPOINT it starts a broker and a store of its own."
    })
final class WorkerCommand implements Callable<Integer> {
  private final Supplier<Settings> settings;

  WorkerCommand(Supplier<Settings> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() {
    // Before the application starts, whose own log would bury what is wrong.
    Endpoints.check(settings.get());
    Quarkus.run();
    return WorkerLife.exitCode();
  }
}
