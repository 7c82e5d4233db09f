package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code submit}: sends a request to a running system. */
@Command(
    name = "submit",
    description = "Send a generation or training request to a running system.",
    footer = {
      "",
      "Examples:",
      "  submit request.json --watch",
      "  submit request.json --out poster",
      "  submit request.json --watch --json"
    })
public final class SubmitCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "FILE.json",
      description = "The request; - for standard input.")
  private Path file = Path.of("");

  @Option(
      names = "--kind",
      paramLabel = "generation|training",
      description = "Kind of the request; default as its fields imply.")
  private JobClient.@Nullable Kind kind;

  @Option(names = "--watch", description = "Follow the job until it ends.")
  private boolean watch;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Implies --watch; copy images, tables and manifest to this folder.")
  private @Nullable Path out;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public SubmitCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    byte[] request =
        file.toString().equals("-") ? SmallFile.read(System.in, "-") : SmallFile.read(file);
    JsonObject read = SmallFile.parseJson(request, file.toString(), json -> json);
    String id = JobId.read(read).value(); // an invalid id would never get an event
    if (out != null) {
      OutputPaths.folder("--out", out);
    }
    Instant before = Instant.now().minusSeconds(1);
    try (JobClient client = context.client()) {
      JobClient.Kind requested = kind(read);
      client.submit(requested, id, request);
      String word = requested.name().toLowerCase(Locale.ROOT);
      json.status("submitted " + id, Map.of("type", "submitted", "jobId", id, "kind", word));
      return watch || out != null
          ? JobWatcher.follow(
              client, context.objects(), id, before, SubmitCommand::isLast, out, json)
          : 0;
    }
  }

  private JobClient.Kind kind(JsonObject read) {
    if (kind != null) {
      return kind;
    }
    return TrainingRequest.isTrainingRequest(read)
        ? JobClient.Kind.TRAINING
        : JobClient.Kind.GENERATION;
  }

  /** Also after a rejection: the id belongs to another job. */
  private static boolean isLast(JobEvent event) {
    return event.type().terminal() || event.type() == JobEvent.Type.REJECTED;
  }
}
