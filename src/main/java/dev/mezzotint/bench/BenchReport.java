package dev.mezzotint.bench;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.cli.ReportOptions;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.network.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The report of a benchmark, and its comparison with an earlier one.
 *
 * <p>Only metrics without a unit are compared: ratios to a peer, shares of the bare network or of
 * plain matrix products, calls per job. The speed of a shared machine may halve within an hour, so
 * the images per second of two reports say nothing about the software; values that were measured
 * alternately do.
 */
public final class BenchReport extends ReportOptions {
  private static final Set<String> HIGHER_IS_BETTER =
      Set.of("ratio", "share", "shareOfMatrixProducts");
  private static final Set<String> LOWER_IS_BETTER = Set.of("peakMemoryRatio", "storeCallsPerJob");
  private static final long FILE_BYTES_MAX = 10_000_000;

  @Option(
      names = "--compare",
      paramLabel = "FILE",
      description = {
        "Report of an earlier run: ratios and shares that are worse by more than --band",
        "are listed, and the exit code is 1."
      })
  private @Nullable Path earlier;

  @Option(
      names = "--band",
      paramLabel = "B",
      description = "Relative noise of a median; default ${DEFAULT-VALUE}.")
  private double band = 0.1;

  /** Prints and reports repeated measurements; the line has one %s for median and range. */
  void spread(String key, String line, String format, double... values) {
    SampleStatistics spread = SampleStatistics.of(values);
    print(line, spread.text(format));
    put(key, spread.toMap());
  }

  /** Reports the model, the machine and how busy it is. */
  void recordMachine(Device device, String model) {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    put("model", model);
    put("machine", device.description());
    put("loadAverageAtStart", load);
    print("%s on %s; load average %.1f", model, device.description(), load);
  }

  /**
   * Checks the options before the measurement.
   *
   * @throws InvalidInputException naming the option
   */
  @Override
  public void check() {
    super.check();
    refuseIf(!(band >= 0 && band < 1), "--band", "must be 0 to below 1, not %s", band);
    if (earlier != null) {
      read(earlier);
    }
  }

  /**
   * Also compares the metrics with the earlier report.
   *
   * @return the exit code: 1 if a metric is worse beyond the band
   */
  @Override
  public int finish() throws IOException {
    super.finish();
    if (earlier == null) {
      return 0;
    }
    Map<String, Double> before = comparable(read(earlier));
    Map<String, Double> now =
        comparable(JsonObject.parse(JsonText.write(metrics()))); // numbers as in the file
    now.keySet().retainAll(before.keySet());
    refuseIf(now.isEmpty(), "--compare", ": %s has no metric in common with this run", earlier);
    int worse = 0;
    for (Map.Entry<String, Double> entry : now.entrySet()) {
      String name = entry.getKey().substring(entry.getKey().lastIndexOf('.') + 1);
      double was = Objects.requireNonNull(before.get(entry.getKey()));
      double is = entry.getValue();
      boolean lost =
          HIGHER_IS_BETTER.contains(name) ? is < was * (1 - band) : is > was * (1 + band);
      worse += lost ? 1 : 0;
      print(
          "%s: %.3f, was %.3f%s",
          entry.getKey(), is, was, lost ? ": worse by more than " + band : "");
    }
    return worse > 0 ? 1 : 0;
  }

  private static JsonObject read(Path file) {
    try {
      refuseIf(Files.size(file) > FILE_BYTES_MAX, "--compare", ": %s is too large", file);
      return JsonObject.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new InvalidInputException(
          "--compare", "--compare: cannot read " + file + ": " + FileErrors.reason(e), e);
    } catch (InvalidInputException e) {
      throw new InvalidInputException("--compare", "--compare: " + file + ": " + e.getMessage(), e);
    }
  }

  /** The metrics that are compared, by their paths; of a spread its median. */
  private static Map<String, Double> comparable(JsonObject report) {
    Map<String, Double> found = new LinkedHashMap<>();
    walk("", "", report.toMap(), found);
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
        && (HIGHER_IS_BETTER.contains(name) || LOWER_IS_BETTER.contains(name))) {
      found.put(path, number.doubleValue());
    }
  }
}
