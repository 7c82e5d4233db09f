package dev.mezzotint.cli;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The options of every command that measures: a table on standard output or, with {@code --json},
 * the metrics as one JSON object; {@code --report FILE} writes them to a file as well. Holds the
 * metrics until they are complete. Used by one thread.
 */
public class ReportOptions {
  @Mixin private JsonOption json = new JsonOption();

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write settings and all metrics to this file, as JSON.")
  private @Nullable Path file;

  private final Map<String, Object> metrics = new LinkedHashMap<>();

  /**
   * @throws InvalidInputException if the report cannot be written
   */
  public void check() {
    if (file != null) {
      OutputPaths.file("--report", file);
    }
  }

  /** Prints a line of the table; on standard error with {@code --json}. */
  public void print(String format, Object... arguments) {
    (json.enabled() ? System.err : System.out)
        .println(String.format(Locale.ROOT, format, arguments));
  }

  /** Prints a complete result: as text, or the same facts as a JSON object. */
  public void result(String text, Map<String, ?> facts) {
    json.result(text, facts);
  }

  public void put(String name, Object value) {
    metrics.put(name, value);
  }

  /** The metrics so far; changes to it are changes of the report. */
  public Map<String, Object> metrics() {
    return metrics;
  }

  /** Writes the metrics so far to the report: long measurements may be interrupted. */
  public void save() throws IOException {
    if (file != null) {
      Files.write(file, JsonText.writePretty(metrics));
    }
  }

  /**
   * Writes the report and, with {@code --json}, prints the metrics.
   *
   * @return the exit code
   */
  public int finish() throws IOException {
    save();
    if (json.enabled()) {
      JsonOption.print(metrics);
    } else if (file != null) {
      System.err.println("report: " + file);
    }
    return 0;
  }
}
