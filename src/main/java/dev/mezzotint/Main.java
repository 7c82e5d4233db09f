package dev.mezzotint;

import dev.mezzotint.bench.AutoscalerBench;
import dev.mezzotint.bench.LatencyBench;
import dev.mezzotint.bench.ObservabilityBench;
import dev.mezzotint.bench.QueueBench;
import dev.mezzotint.worker.DemoCommand;
import dev.mezzotint.worker.InstalledContext;
import dev.mezzotint.worker.WorkerCommand;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;
import picocli.CommandLine;

/** Entry point of the packaged application: one program is both the command line and the worker. */
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    String[] words = args.length == 0 ? new String[] {"worker"} : args;
    System.exit(Mezzotint.executed(line(), words));
  }

  /** All commands, with the services of this installation. */
  public static CommandLine line() {
    return Mezzotint.line(
        new InstalledContext(),
        List.of(
            new WorkerCommand(InstalledContext::settings),
            new DemoCommand(InstalledContext::settings)),
        List.of(
            new QueueBench(InstalledContext::settings),
            new LatencyBench(InstalledContext::settings),
            new ObservabilityBench(InstalledContext::settings),
            new AutoscalerBench()));
  }
}
