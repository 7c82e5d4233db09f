package dev.mezzotint.study;

import dev.mezzotint.image.Png;
import dev.mezzotint.plot.LineChart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of a study.
 *
 * @param name of the study, and of its files
 * @param lines a table for people
 * @param files name → content, PNG or APNG
 */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
public record StudyResult(String name, List<String> lines, Map<String, byte[]> files) {
  public StudyResult {
    lines = List.copyOf(lines);
    files = new LinkedHashMap<>(files);
  }

  /** A table with its chart in a PNG file; both axes are logarithmic. */
  static StudyResult charted(
      String name,
      List<String> lines,
      String file,
      String title,
      String xLabel,
      String yLabel,
      List<LineChart.Line> curves) {
    LineChart chart =
        new LineChart(
            title, xLabel, yLabel, /* logarithmicX= */ true, /* logarithmic= */ true, curves);
    return new StudyResult(name, lines, Map.of(file, Png.encode(chart.draw(640, 400), 9)));
  }
}
