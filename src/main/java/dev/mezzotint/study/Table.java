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
    return text("%-" + labelWidth + "s", label)
        + Arrays.stream(columns)
            .mapToObj(n -> text("%" + width + "d", n))
            .collect(Collectors.joining());
  }

  /** A NaN leaves its column empty. */
  static String row(String label, int labelWidth, String format, double... values) {
    return text("%-" + labelWidth + "s", label)
        + Arrays.stream(values)
            .mapToObj(
                value ->
                    Double.isNaN(value)
                        ? " ".repeat(text(format, 0.0).length())
                        : text(format, value))
            .collect(Collectors.joining());
  }
}
