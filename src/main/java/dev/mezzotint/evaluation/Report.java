package dev.mezzotint.evaluation;

import dev.mezzotint.evaluation.Metric.Measured;
import dev.mezzotint.image.Pixels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The result of an evaluation.
 *
 * @param settings of the measurement
 * @param sheet of generated and real images
 */
public record Report(Map<String, Object> settings, List<Metric> metrics, Pixels sheet) {
  public Report {
    settings = new LinkedHashMap<>(settings);
    metrics = List.copyOf(metrics);
  }

  public List<String> lines() {
    boolean conditioned = metrics.stream().anyMatch(f -> f.baseline().isPresent());
    List<String> lines = new ArrayList<>();
    String head =
        String.format(Locale.ROOT, "%-48s%18s%18s%8s", "metric", "model", "real", "ratio");
    lines.add(
        head
            + (conditioned
                ? String.format(Locale.ROOT, "%18s%18s%8s", "shuffled", "mean colour", "")
                : ""));
    for (Metric metric : metrics) {
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-48s", metric.label()));
      line.append(cell(Optional.of(metric.model()))).append(cell(Optional.of(metric.floor())));
      line.append(String.format(Locale.ROOT, "%8.2f", metric.ratio()));
      if (conditioned) {
        line.append(cell(metric.worst())).append(cell(metric.baseline()));
        metric
            .baselineRatio()
            .ifPresent(ratio -> line.append(String.format(Locale.ROOT, "%7.2fx", ratio)));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static String cell(Optional<Measured> measured) {
    return measured
        .map(
            m -> {
              int digits = Math.abs(m.mean()) < 1 ? 4 : Math.abs(m.mean()) < 100 ? 2 : 1;
              String number = "%." + digits + "f";
              return String.format(
                  Locale.ROOT,
                  "%18s",
                  String.format(Locale.ROOT, number + " ± " + number, m.mean(), m.spread()));
            })
        .orElse(" ".repeat(18));
  }

  /** For JSON: settings, and the metrics by their keys. */
  public Map<String, Object> toMap() {
    Map<String, Object> all = new LinkedHashMap<>();
    metrics.forEach(metric -> all.put(metric.key(), metric.toMap()));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("settings", settings);
    map.put("figures", all);
    return map;
  }
}
