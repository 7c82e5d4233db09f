package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.Choices;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pause} and {@code resume}: stop and start the consumption of a topic. */
@Command
public final class PauseCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "TOPIC",
      completionCandidates = Choices.Topics.class,
      description =
          "The topic: generation or training, each also with .high or .low, or a full name.")
  private String topic = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;
  private final boolean pause;

  private PauseCommand(CommandContext context, boolean pause) {
    this.context = context;
    this.pause = pause;
  }

  public static CommandLine pause(CommandContext context) {
    return named(
        "pause",
        "Stop workers from taking requests from a topic; running jobs continue.",
        new PauseCommand(context, /* pause= */ true));
  }

  public static CommandLine resume(CommandContext context) {
    return named(
        "resume",
        "Let workers take requests from a paused topic again.",
        new PauseCommand(context, /* pause= */ false));
  }

  private static CommandLine named(String name, String description, PauseCommand command) {
    CommandLine line = new CommandLine(command).setCommandName(name);
    line.getCommandSpec()
        .usageMessage()
        .description(description)
        .footer("", "Example:", "  " + name + " generation");
    return line;
  }

  @Override
  public Integer call() {
    try (JobClient client = context.client()) {
      List<String> topics = pause ? client.pause(topic) : client.resume(topic);
      String done = pause ? "paused" : "resumed";
      json.status(done + " " + String.join(", ", topics), Map.of(done, topics));
      return 0;
    }
  }
}
