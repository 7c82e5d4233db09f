package dev.mezzotint.bench;

import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * What becomes of a benchmark's figures: a file of them, and a comparison with an earlier one.
 *
 * <p>Only figures without a unit are compared: ratios to a peer, shares of the bare network or of
 * plain matrix products, calls per job. A shared machine is half as fast an hour later, so pictures
 * per second of two files say nothing about the software; what was measured by turns does.
 */
public final class BenchReport {
  /** Whose fall is a loss. */
  private static final Set<String> RISING = Set.of("ratio", "share", "shareOfMatrixProducts");

  /** Whose rise is a loss. */
  private static final Set<String> FALLING = Set.of("peakMemoryRatio", "storeCallsPerJob");

  private static final long FILE_BYTES_MAX = 10_000_000;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures here.")
  private @Nullable Path json;

  @Option(
      names = "--compare",
      paramLabel = "FILE",
      description = {
        "Figures of an earlier run, written by --json: ratios and shares that have",
        "become worse by more than --band are named, and the exit code is 1."
      })
  private @Nullable Path earlier;

  @Option(
      names = "--band",
      defaultValue = "0.1",
      paramLabel = "B",
      description =
          "How far noise alone moves a median, as a part of it; default ${DEFAULT-VALUE}.")
  private double band = 0.1;

  /**
   * Refuses, before anything is measured, what could not be written or compared.
   *
   * @throws InvalidInputException naming the option
   */
  public void check() {
    if (json != null) {
      OutputPaths.file("--json", json);
    }
    if (!(band >= 0 && band < 1)) {
      throw new InvalidInputException("--band", "--band must be 0 to below 1, not " + band);
    }
    if (earlier != null) {
      read(earlier);
    }
  }

  /** Writes what there is so far: long runs are cut short. */
  public void write(Map<String, Object> figures) throws IOException {
    if (json != null) {
      Files.write(json, JsonText.writePretty(figures));
    }
  }

  /**
   * Writes the figures and compares them.
   *
   * @return the exit code: 1 if something has become worse beyond the band
   */
  public int end(Map<String, Object> figures) throws IOException {
    write(figures);
    if (earlier == null) {
      return 0;
    }
    Map<String, Double> before = medians(read(earlier).toMap());
    Map<String, Double> now =
        medians(JsonObject.parse(JsonText.write(figures)).toMap()); // numbers as the file has them
    int worse = 0;
    int compared = 0;
    for (Map.Entry<String, Double> entry : now.entrySet()) {
      Double was = before.get(entry.getKey());
      if (was == null) {
        continue;
      }
      compared++;
      String name = entry.getKey().substring(entry.getKey().lastIndexOf('.') + 1);
      double is = entry.getValue();
      boolean lost = RISING.contains(name) ? is < was * (1 - band) : is > was * (1 + band);
      worse += lost ? 1 : 0;
      System.out.println(
          String.format(
              Locale.ROOT,
              "%s: %.3f, was %.3f%s",
              entry.getKey(),
              is,
              was,
              lost ? ": worse by more than " + band : ""));
    }
    if (compared == 0) {
      throw new InvalidInputException(
          "--compare", "--compare: " + earlier + " holds none of the figures of this run");
    }
    return worse > 0 ? 1 : 0;
  }

  private static JsonObject read(Path file) {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new InvalidInputException("--compare", "--compare: " + file + " is too large");
      }
      return JsonObject.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new InvalidInputException("--compare", "--compare: cannot read " + file, e);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("--compare", "--compare: " + file + ": " + e.getMessage(), e);
    }
  }

  /** Path → value of everything that can be compared. */
  private static Map<String, Double> medians(Map<String, Object> figures) {
    Map<String, Double> found = new LinkedHashMap<>();
    walk("", "", figures, found);
    return found;
  }

  private static void walk(
      String path, String name, @Nullable Object value, Map<String, Double> found) {
    if (value instanceof Map<?, ?> map) {
      Object median = map.get("median");
      if (median instanceof Number) {
        walk(path, name, median, found);
        return;
      }
      map.forEach(
          (key, inner) ->
              walk(path.isEmpty() ? "" + key : path + "." + key, "" + key, inner, found));
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        walk(path + "." + i, name, list.get(i), found);
      }
    } else if (value instanceof Number number
        && (RISING.contains(name) || FALLING.contains(name))) {
      found.put(path, number.doubleValue());
    }
  }
}
