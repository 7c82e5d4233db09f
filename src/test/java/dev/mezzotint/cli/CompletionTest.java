package dev.mezzotint.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the completion script in bash. */
class CompletionTest {
  private static final Path BASH = Path.of("/bin/bash");

  @TempDir Path folder;

  @BeforeEach
  void writeScript() throws IOException {
    assumeTrue(Files.isExecutable(BASH), "no bash on this machine");
    Terminal terminal = new Terminal(folder);
    terminal.succeeds("completion");
    Files.writeString(folder.resolve("script"), terminal.stdout());
  }

  /**
   * What bash says to some lines of it, after the script has been sourced; in the test's folder.
   */
  private List<String> bash(String lines) throws Exception {
    Path said = folder.resolve("said");
    Process bash =
        new ProcessBuilder(
                BASH.toString(),
                "--norc",
                "-c",
                "set -e; compopt() { :; }; source ./script; " + lines)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String text = Files.readString(said, UTF_8);
    assertThat(bash.exitValue()).as(text).isZero();
    return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }

  /** The completions for these words; the last may be incomplete. */
  private List<String> tab(String... words) throws Exception {
    StringBuilder quoted = new StringBuilder();
    for (String word : words) {
      quoted.append(" '").append(word).append('\'');
    }
    return bash(
        "COMP_WORDS=("
            + quoted
            + "); COMP_CWORD="
            + (words.length - 1)
            + "; COMP_LINE='"
            + String.join(" ", words)
            + "'; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; "
            + "complete -p mezzotint | grep -q -- '-F _complete_mezzotint'; "
            + "_complete_mezzotint mezzotint || true; printf '%s\\n' \"${COMPREPLY[@]}\"");
  }

  @Test
  void completesCommands() throws Exception {
    assertThat(tab("mezzotint", "ge")).containsExactly("generate");
    assertThat(tab("mezzotint", "eval")).containsExactlyInAnyOrder("evaluate", "evaluate-once");
    assertThat(tab("mezzotint", "models", "pu")).containsExactlyInAnyOrder("push", "pull");
    assertThat(tab("mezzotint", "nothing-like-it")).isEmpty();
  }

  @Test
  void completesOptionsAndFiles() throws Exception {
    assertThat(tab("mezzotint", "generate", "--sam")).containsExactly("--sampler");
    assertThat(tab("mezzotint", "submit", "--ki")).containsExactly("--kind");
    assertThat(tab("mezzotint", "generate", "--sampler", "ab")).containsExactly("ab2", "ab3");
    assertThat(tab("mezzotint", "jobs", "list", "--state", "fa")).containsExactly("failed");
    assertThat(tab("mezzotint", "pause", "train"))
        .containsExactly("training", "training.high", "training.low");
    Files.writeString(folder.resolve("request.json"), "{}");
    assertThat(tab("mezzotint", "submit", "requ")).contains("request.json");
  }
}
