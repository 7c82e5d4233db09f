package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.cli.SmallFile;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.training.recipe.TrainingRequest;
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

/** {@code submit}: puts a request on the topic of a running system. */
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
  @Parameters(index = "0", paramLabel = "FILE.json", description = "The request.")
  private Path file = Path.of("");

  @Option(
      names = "--kind",
      paramLabel = "generation|training",
      description = "What the request asks for, where its fields do not tell.")
  private MezzotintSystem.@Nullable Kind kind;

  @Option(names = "--watch", description = "Follow the job until it ends.")
  private boolean watch;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "As --watch, and copy the pictures, tables and manifest to this folder.")
  private @Nullable Path out;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public SubmitCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    byte[] request = SmallFile.read(file);
    JsonObject read;
    try {
      read = JsonObject.parse(request);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), file + " " + e.getMessage(), e);
    }
    String id = JobId.read(read).value(); // under a bad one no event would ever come
    if (out != null) {
      OutputPaths.folder("--out", out);
    }
    Instant before = Instant.now().minusSeconds(1);
    try (MezzotintSystem requests = surroundings.requests()) {
      MezzotintSystem.Kind asked = kind(read);
      requests.submit(asked, id, request);
      String word = asked.name().toLowerCase(Locale.ROOT);
      json.tell("submitted " + id, Map.of("type", "submitted", "jobId", id, "kind", word));
      return watch || out != null
          ? JobWatcher.follow(requests, id, before, SubmitCommand::answers, out, json)
          : 0;
    }
  }

  private MezzotintSystem.Kind kind(JsonObject read) {
    if (kind != null) {
      return kind;
    }
    return TrainingRequest.isTrainingRequest(read)
        ? MezzotintSystem.Kind.TRAINING
        : MezzotintSystem.Kind.GENERATION;
  }

  /** A rejected record ends the watch as well: the id is another job's. */
  private static boolean answers(JobEvent event) {
    return event.type().terminal() || event.type() == JobEvent.Type.REJECTED;
  }
}
