package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cancel}: requests the cancellation of a job. */
@Command(
    name = "cancel",
    description = "Cancel a queued or running job.",
    footer = {"", "Example:", "  cancel poster-0042"})
public final class CancelCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ID", description = "The job's id.")
  private String id = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public CancelCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (JobClient client = context.client()) {
      client.cancel(id);
      json.status(
          "cancellation requested for " + id + "; run 'mezzotint watch " + id + "' for the outcome",
          Map.of("jobId", id, "cancelRequested", true));
      return 0;
    }
  }
}
