package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.job.JobId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code watch}: follows a job from its first event. */
@Command(
    name = "watch",
    description = "Follow a job of a running system until it ends.",
    footer = {"", "Examples:", "  watch poster-0042", "  watch poster-0042 --out poster"})
public final class WatchCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ID", description = "The id of the job.")
  private String id = "";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Copy a completed job's images, tables and manifest to this folder.")
  private @Nullable Path out;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public WatchCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (out != null) {
      OutputPaths.folder("--out", out);
    }
    try (JobClient client = context.client()) {
      return new JobWatcher(client, context, json)
          .follow(new JobId(id).value(), Instant.EPOCH, event -> event.type().terminal(), out);
    }
  }
}
