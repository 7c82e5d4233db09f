package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.MezzotintSystem;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cancel}: calls a job off. */
@Command(
    name = "cancel",
    description = "Call a job of a running system off, started or not.",
    footer = {"", "Example:", "  cancel poster-0042"})
public final class CancelCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ID", description = "The job's id.")
  private String id = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public CancelCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    try (MezzotintSystem requests = surroundings.requests()) {
      requests.cancel(id);
      json.tell(
          "called off " + id + "; 'watch " + id + "' tells how it ended",
          Map.of("jobId", id, "calledOff", true));
      return 0;
    }
  }
}
