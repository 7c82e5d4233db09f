package dev.mezzotint.study;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.image.Pixels;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;

/**
 * Compares the mean difference of neighbouring pixels across the borders of a canvas' tiles with
 * that elsewhere. A ratio of 1 means that borders cannot be told from other places.
 */
final class SeamStudy {
  private SeamStudy() {}

  /** Mean absolute differences, in grey levels of 255, of neighbours in one direction. */
  record Differences(double atBorders, double elsewhere) {
    double ratio() {
      return atBorders / elsewhere;
    }
  }

  static StudyResult run(Pixels image, Canvas canvas) {
    Differences across = differences(image, borders(canvas, canvas::left, canvas.tileWidth()), 1);
    Differences down =
        differences(image, borders(canvas, canvas::top, canvas.tileHeight()), image.width());
    return new StudyResult("seams", List.of(line("columns", across), line("rows", down)), Map.of());
  }

  private static String line(String what, Differences found) {
    return String.format(
        Locale.ROOT,
        "%-8s at borders of tiles %6.2f, elsewhere %6.2f of 255, ratio %.3f",
        what,
        found.atBorders(),
        found.elsewhere(),
        found.ratio());
  }

  /** First pixels of tiles, and first pixels after tiles, inside the canvas. */
  static Set<Integer> borders(Canvas canvas, IntUnaryOperator start, int length) {
    Set<Integer> borders = new TreeSet<>();
    int end = 0;
    for (int tile = 0; tile < canvas.tiles(); tile++) {
      int first = start.applyAsInt(tile);
      borders.add(first);
      borders.add(first + length);
      end = Math.max(end, first + length);
    }
    borders.removeAll(Set.of(0, end));
    return borders;
  }

  /**
   * @param stride 1 for neighbours in a row, the image's width for neighbours in a column
   */
  static Differences differences(Pixels image, Set<Integer> borders, int stride) {
    int channels = image.channels();
    double[] sums = new double[2];
    long[] counts = new long[2];
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        int place = stride == 1 ? x : y;
        if (place == 0) {
          continue;
        }
        int kind = borders.contains(place) ? 0 : 1;
        int at = y * image.width() + x;
        for (int c = 0; c < channels; c++) {
          int here = image.bytes()[at * channels + c] & 0xff;
          int before = image.bytes()[(at - stride) * channels + c] & 0xff;
          sums[kind] += Math.abs(here - before);
          counts[kind]++;
        }
      }
    }
    return new Differences(sums[0] / counts[0], sums[1] / counts[1]);
  }
}
