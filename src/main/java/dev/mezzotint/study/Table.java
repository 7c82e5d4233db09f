package dev.mezzotint.study;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Lines of a result: sentences, and tables with one label and a column for each value. */
final class Table {
  private Table() {}

  /** Formats a line, whatever the locale. */
  static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  static String head(String label, int labelWidth, int width, int... columns) {
    return label(label, labelWidth)
        + Arrays.stream(columns)
            .mapToObj(n -> String.format(Locale.ROOT, "%" + width + "d", n))
            .collect(Collectors.joining());
  }

  /** A NaN leaves its column empty. */
  static String row(String label, int labelWidth, String format, double... values) {
    return label(label, labelWidth)
        + Arrays.stream(values)
            .mapToObj(
                value ->
                    Double.isNaN(value)
                        ? " ".repeat(String.format(Locale.ROOT, format, 0.0).length())
                        : String.format(Locale.ROOT, format, value))
            .collect(Collectors.joining());
  }

  private static String label(String text, int width) {
    return String.format(Locale.ROOT, "%-" + width + "s", text);
  }
}
