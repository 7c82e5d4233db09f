package dev.mezzotint.study;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.image.Pixels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;

/**
 * Compares the mean difference of neighbouring pixels across the borders of a canvas' tiles with
 * that elsewhere. A ratio of 1 means that borders cannot be told from other places. What an image
 * shows varies from place to place, so that a ratio is to be judged by those of the same set of
 * places moved beside the borders.
 */
final class SeamStudy {
  private SeamStudy() {}

  static StudyResult run(Pixels image, Canvas canvas) {
    Set<Integer> columns = borders(canvas, canvas::left, canvas.tileWidth());
    Set<Integer> rows = borders(canvas, canvas::top, canvas.tileHeight());
    return new StudyResult(
        "seams",
        List.of(
            line("columns", differences(image, /* rows= */ false), columns, canvas.tileWidth()),
            line("rows", differences(image, /* rows= */ true), rows, canvas.tileHeight())),
        Map.of());
  }

  private static String line(String what, double[] differences, Set<Integer> borders, int tile) {
    if (borders.isEmpty()) {
      return Table.text("%-8s one tile, no borders", what);
    }
    double[] moved = new double[tile / 2];
    for (int shift = 1; shift <= moved.length; shift++) {
      moved[shift - 1] = ratio(differences, borders, shift);
    }
    Arrays.sort(moved);
    return Table.text(
        "%-8s difference at borders of tiles over elsewhere %.3f; the same places moved by 1 to %d"
            + " pixels %.3f to %.3f",
        what,
        ratio(differences, borders, /* shift= */ 0),
        moved.length,
        moved[0],
        moved[moved.length - 1]);
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

  /** Mean difference at the places over that at all others. */
  static double ratio(double[] differences, Set<Integer> places, int shift) {
    double[] sums = new double[2];
    int[] counts = new int[2];
    for (int place = 1; place < differences.length; place++) {
      int kind = places.contains(place - shift) ? 0 : 1;
      sums[kind] += differences[place];
      counts[kind]++;
    }
    return sums[0] / counts[0] * counts[1] / sums[1];
  }

  /**
   * The mean absolute difference, in grey levels, of each column from the one before it, or of each
   * row.
   */
  static double[] differences(Pixels image, boolean rows) {
    double[] sums = new double[rows ? image.height() : image.width()];
    int stride = image.channels() * (rows ? image.width() : 1);
    int perPlace = image.channels() * (rows ? image.width() : image.height());
    for (int i = 0; i < image.bytes().length; i++) {
      int pixel = i / image.channels();
      int place = rows ? pixel / image.width() : pixel % image.width();
      if (place > 0) {
        int difference = (image.bytes()[i] & 0xff) - (image.bytes()[i - stride] & 0xff);
        sums[place] += Math.abs(difference) / (double) perPlace;
      }
    }
    return sums;
  }
}
