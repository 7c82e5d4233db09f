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
 * What an evaluation found.
 *
 * @param settings what it was measured with
 * @param sheet generated beside real pictures, see {@link Evaluation}
 */
public record Report(Map<String, Object> settings, List<Metric> figures, Pixels sheet) {
  public Report {
    settings = new LinkedHashMap<>(settings);
    figures = List.copyOf(figures);
  }

  /** A table for people. */
  public List<String> lines() {
    boolean conditioned = figures.stream().anyMatch(f -> f.baseline().isPresent());
    List<String> lines = new ArrayList<>();
    String head = String.format("%-48s%18s%18s%8s", "figure", "model", "real", "ratio");
    lines.add(
        head + (conditioned ? String.format("%18s%18s%8s", "shuffled", "mean colour", "") : ""));
    for (Metric figure : figures) {
      StringBuilder line = new StringBuilder(String.format("%-48s", figure.words()));
      line.append(cell(Optional.of(figure.model()))).append(cell(Optional.of(figure.floor())));
      line.append(String.format(Locale.ROOT, "%8.2f", figure.ratio()));
      if (conditioned) {
        line.append(cell(figure.worst())).append(cell(figure.baseline()));
        figure
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
                  "%18s",
                  String.format(Locale.ROOT, number + " ± " + number, m.mean(), m.spread()));
            })
        .orElse(" ".repeat(18));
  }

  /** For JSON: settings, and the figures by their keys. */
  public Map<String, Object> toMap() {
    Map<String, Object> all = new LinkedHashMap<>();
    figures.forEach(figure -> all.put(figure.key(), figure.toMap()));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("settings", settings);
    map.put("figures", all);
    return map;
  }

  public Optional<Metric> figure(String key) {
    return figures.stream().filter(f -> f.key().equals(key)).findFirst();
  }
}
