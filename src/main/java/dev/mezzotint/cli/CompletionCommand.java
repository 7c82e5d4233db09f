package dev.mezzotint.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code completion}: the completion script for bash and zsh. */
@Command(
    name = "completion",
    description =
        "Print a script that completes commands, options and files of 'mezzotint' in bash and zsh.",
    footer = {
      "",
      "Example:",
      "  alias mezzotint='java -jar target/quarkus-app/quarkus-run.jar'",
      "  source <(mezzotint completion)"
    })
public final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    CommandSpec root = spec.root();
    System.out.println(AutoComplete.bash(root.name(), root.commandLine()));
    return 0;
  }
}
