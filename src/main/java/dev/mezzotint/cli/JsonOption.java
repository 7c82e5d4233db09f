package dev.mezzotint.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.json.JsonText;
import java.util.Map;
import picocli.CommandLine.Option;

/**
 * {@code --json}: what a command tells, for programs. People read sentences; a program gets the
 * same facts as one JSON object a line on standard output, and there nothing else. What goes wrong
 * is a line on standard error and an exit code either way. Used by one thread.
 */
public final class JsonOption {
  @Option(names = "--json", description = "Print what was done as JSON, one object a line.")
  private boolean wanted;

  public boolean wanted() {
    return wanted;
  }

  /** A sentence on standard error, or its facts on standard output. */
  public void tell(String sentence, Map<String, ?> facts) {
    if (wanted) {
      print(facts);
    } else {
      System.err.println(sentence);
    }
  }

  /** As {@link #tell}, of a line that is the command's answer and so stands on standard output. */
  public void answer(String line, Map<String, ?> facts) {
    if (wanted) {
      print(facts);
    } else {
      System.out.println(line);
    }
  }

  private static void print(Map<String, ?> facts) {
    System.out.println(new String(JsonText.write(facts), UTF_8));
  }
}
