package dev.mezzotint.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonText;
import java.util.Map;
import picocli.CommandLine.Option;

/**
 * The option {@code --json}: results as JSON on standard output, one object a line and nothing
 * else, instead of text. Errors are a line on standard error and an exit code either way. Used by
 * one thread.
 */
public final class JsonOption {
  @Option(
      names = "--json",
      description = "Print the results on standard output as JSON, one object a line.")
  private boolean enabled;

  public boolean enabled() {
    return enabled;
  }

  /** Prints a status line on standard error, or the same facts as JSON on standard output. */
  public void status(String line, Map<String, ?> facts) {
    if (enabled) {
      print(facts);
    } else {
      System.err.println(line);
    }
  }

  /** Prints a result on standard output: as text, or the same facts as JSON. */
  public void result(String text, Map<String, ?> facts) {
    if (enabled) {
      print(facts);
    } else {
      System.out.println(text);
    }
  }

  static void print(Map<String, ?> facts) {
    System.out.println(new String(JsonText.write(facts), UTF_8));
  }
}
