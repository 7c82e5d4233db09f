package dev.mezzotint.worker;

import io.quarkus.runtime.Quarkus;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code worker}: consumes requests until it is stopped. */
@Command(
    name = "worker",
    description = {
      "Consume requests until stopped (the default command).",
      "Without KAFKA_BOOTSTRAP_SERVERS and S3_ENDPOINT it starts a broker and a store of its own."
    })
final class WorkerCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    Quarkus.run();
    return WorkerLife.exitCode();
  }
}
