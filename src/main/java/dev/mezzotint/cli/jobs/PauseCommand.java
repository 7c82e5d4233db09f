package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.MezzotintSystem;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pause}: workers take nothing more from a topic. */
@Command(
    name = "pause",
    description = "Let workers take no more requests from a topic; what they have in hand goes on.",
    footer = {"", "Example:", "  pause generation"})
public final class PauseCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "TOPIC",
      description = "generation, training (each with .high and .low), or a topic's full name.")
  private String topic = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public PauseCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    try (MezzotintSystem requests = surroundings.requests()) {
      List<String> topics = requests.pause(topic);
      json.tell("paused " + String.join(", ", topics), Map.of("paused", topics));
      return 0;
    }
  }
}
