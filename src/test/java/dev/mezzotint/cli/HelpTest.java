package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.Mezzotint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Tests what a user meets who does not know the commands yet. */
class HelpTest {
  private static final int SUMMARY_CHARS_MAX = 90;

  private final Terminal terminal = new Terminal(Path.of(""));

  private static List<CommandLine> commands(CommandLine line) {
    List<CommandLine> all = new ArrayList<>(List.of(line));
    line.getSubcommands().values().forEach(one -> all.addAll(commands(one)));
    return all;
  }

  @Test
  void version_namesSoftwareJavaAndLibtorch() {
    terminal.succeeds("--version");
    String version = terminal.stdout();
    assertThat(version)
        .matches(
            "mezzotint \\d+\\.\\d+\\S*( \\(\\w+\\))?, Java 1\\d\\S*, libtorch 2\\.\\S+, ONNX Runtime 1\\.\\S+\\R");
    terminal.succeeds("version");
    assertThat(terminal.stdout()).isEqualTo(version);
    terminal.succeeds("models --version");
    assertThat(terminal.stdout()).isEqualTo(version);
  }

  @Test
  void help_showsTheHelpOfACommand() {
    terminal.succeeds("models push --help");
    String help = terminal.stdout();
    terminal.succeeds("help models push");
    assertThat(terminal.stdout()).isEqualTo(help).contains("Usage: mezzotint models push");
    terminal.succeeds("help");
    assertThat(terminal.stdout()).contains("Usage: mezzotint", "Begin with:");
    terminal.refuses("help modles", "unknown command modles: did you mean models?");
  }

  @Test
  void groupWithoutCommand_showsItsHelp() {
    for (String group : List.of("models", "jobs", "datasets", "bench")) {
      terminal.succeeds(group);
      assertThat(terminal.stdout()).startsWith("Usage: mezzotint " + group).contains("Commands:");
      assertThat(terminal.stderr()).isEmpty();
    }
  }

  @Test
  void unknownWords_areAnsweredWithTheClosestOne() {
    terminal.refuses(
        "genrate --model x --out y", "unknown command genrate: did you mean generate?");
    terminal.refuses("models lst", "unknown command lst: did you mean list?");
    terminal.refuses("jobs list --stat queued", "unknown option --stat: did you mean --state?");
    terminal.refuses(Terminal.generate("--cuont=3 --out y"), "--cuont: did you mean --count?");
    terminal.refuses("qwertz", "unknown command qwertz (see --help)");
    terminal.refuses("watch a b", "unknown argument b");
    terminal.refuses(
        "generate --model avatar-32 --out y",
        "there is no bundled model avatar-32: did you mean avatars-32?; available: ",
        "fashion-28");
  }

  @Test
  void everyCommand_isSummedUpInOneSentence() {
    for (CommandLine command : commands(Mezzotint.commandLine(Terminal.CONTEXT))) {
      String name = command.getCommandSpec().qualifiedName();
      String[] description = command.getCommandSpec().usageMessage().description();
      assertThat(description).as(name).isNotEmpty();
      assertThat(description[0]).as(name).endsWith(".").doesNotContain(". ");
      assertThat(description[0].length()).as(name).isLessThan(SUMMARY_CHARS_MAX);
    }
  }

  @Test
  void optionsOfOneMeaning_haveOneName() {
    for (CommandLine command : commands(Mezzotint.commandLine(Terminal.CONTEXT))) {
      for (OptionSpec option : command.getCommandSpec().options()) {
        String name = command.getCommandSpec().qualifiedName();
        assertThat(option.names()).as(name).doesNotContain("--to", "--device-name", "--output");
        if (option.longestName().equals("--device")) {
          assertThat(option.paramLabel()).as(name).isEqualTo("DEVICE");
        }
        if (option.longestName().equals("--layout")) {
          assertThat(String.join("", option.description())).as(name).contains("left-right");
        }
      }
    }
  }

  @Test
  void formerNames_stillWork() {
    OneSystem system = new OneSystem();
    assertThat(terminal.run(system, "jobs list --count 3")).isZero();
    assertThat(terminal.run(system, "jobs list --limit=3")).isZero();
    terminal.refuses(system, "jobs list --count=0", "--limit must be from 1");
    terminal.refuses("export avatars-32 --to=README.md", "--out: README.md is not a folder");
  }
}
