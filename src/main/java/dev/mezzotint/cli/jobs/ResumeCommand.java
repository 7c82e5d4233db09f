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

/** {@code resume}: takes a pause back. */
@Command(
    name = "resume",
    description = "Let workers take requests again from a topic that was paused.",
    footer = {"", "Example:", "  resume generation"})
public final class ResumeCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "TOPIC",
      description = "generation, training (each with .high and .low), or a topic's full name.")
  private String topic = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public ResumeCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    try (MezzotintSystem requests = surroundings.requests()) {
      List<String> topics = requests.resume(topic);
      json.tell("resumed " + String.join(", ", topics), Map.of("resumed", topics));
      return 0;
    }
  }
}
