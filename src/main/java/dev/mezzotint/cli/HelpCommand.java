package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.Suggestions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code help}: the help of a command, as its option {@code --help} prints it. */
@Command(
    name = "help",
    description = "Show the help of a command.",
    footer = {"", "Examples:", "  help generate", "  help models push"})
public final class HelpCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "The command; without one, the list of all commands is shown.")
  private List<String> words = List.of();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    CommandLine line = spec.root().commandLine();
    for (String word : words) {
      CommandLine next = line.getSubcommands().get(word);
      if (next == null) {
        throw new InvalidInputException(
            "COMMAND",
            "unknown command "
                + word
                + Suggestions.question(word, line.getSubcommands().keySet())
                + " (see --help)");
      }
      line = next;
    }
    line.usage(System.out);
    return 0;
  }
}
