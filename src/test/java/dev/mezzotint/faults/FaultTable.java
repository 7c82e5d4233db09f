package dev.mezzotint.faults;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The matrix as text. */
final class FaultTable {
  private final Map<String, Findings> rows = new LinkedHashMap<>();
  private final Map<String, Long> seconds = new LinkedHashMap<>();

  void add(String fault, Findings findings, long nanos) {
    rows.put(fault, findings);
    seconds.put(fault, Math.round(nanos / 1e9));
  }

  Map<String, Findings> rows() {
    return rows;
  }

  String markdown() {
    StringBuilder text =
        new StringBuilder(
            "| fault | jobs sent | completed | other ends | lost | committed twice | stuck"
                + " | extra executions | seconds |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    rows.forEach(
        (fault, f) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %d | %d | %d | %d | %d | %d |%n",
                    fault,
                    f.sent(),
                    f.completed(),
                    f.otherEnds(),
                    f.lost(),
                    f.twice(),
                    f.stuck(),
                    f.extra(),
                    seconds.get(fault))));
    return text.toString();
  }
}
