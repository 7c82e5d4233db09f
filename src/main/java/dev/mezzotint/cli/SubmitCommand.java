package dev.mezzotint.cli;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.training.TrainingRequest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code submit}: puts a request on the topic of a running system. */
@Command(
    name = "submit",
    description = "Send a generation or training request to a running system.",
    footer = {"", "Example:", "  submit request.json --watch"})
final class SubmitCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "FILE.json", description = "The request.")
  private Path file = Path.of("");

  @Option(
      names = "--kind",
      paramLabel = "generation|training",
      description = "What the request asks for, where its fields do not tell.")
  private Requests.@Nullable Kind kind;

  @Option(names = "--watch", description = "Follow the job until it ends.")
  private boolean watch;

  private final Surroundings surroundings;

  SubmitCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    byte[] request = SmallFile.read(file);
    JsonObject json;
    try {
      json = JsonObject.parse(request);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(e.field(), file + " " + e.getMessage(), e);
    }
    String id = json.requiredString("id");
    Instant before = Instant.now().minusSeconds(1);
    try (Requests requests = surroundings.requests()) {
      requests.submit(kind(json), id, request);
      System.err.println("submitted " + id);
      return watch ? Watching.follow(requests, id, before, SubmitCommand::answers) : 0;
    }
  }

  private Requests.Kind kind(JsonObject json) {
    if (kind != null) {
      return kind;
    }
    return TrainingRequest.looksLikeOne(json) ? Requests.Kind.TRAINING : Requests.Kind.GENERATION;
  }

  /** A rejected record ends the watch as well: the id is another job's. */
  private static boolean answers(JobEvent event) {
    return event.type().terminal() || event.type() == JobEvent.Type.REJECTED;
  }
}
