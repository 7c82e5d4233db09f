package dev.mezzotint.cli;

import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code watch}: follows a job from its first event on. */
@Command(
    name = "watch",
    description = "Follow a job of a running system until it ends.",
    footer = {"", "Example:", "  watch poster-0042"})
final class WatchCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "ID", description = "The job's id.")
  private String id = "";

  private final Surroundings surroundings;

  WatchCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    try (Requests requests = surroundings.requests()) {
      return Watching.follow(requests, id, Instant.EPOCH, event -> event.type().terminal());
    }
  }
}
