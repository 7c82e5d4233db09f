package dev.mezzotint.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Tests the comparison of reports. */
class BenchReportTest {
  private static final Map<String, Object> BEFORE =
      Map.of(
          "machine",
          "one",
          "cases",
          List.of(
              Map.of(
                  "batch", 8,
                  "rowStepsPerSecond", Map.of("median", 70.0),
                  "ratio", Map.of("median", 1.2, "min", 1.1),
                  "peakMemoryRatio", Map.of("median", 0.7))),
          "fullQueue",
          Map.of("share", Map.of("median", 0.97)),
          "storeCallsPerJob",
          3);

  @TempDir Path folder;

  @Command(name = "bench")
  private static final class Bench {
    @Mixin private BenchReport output = new BenchReport();
  }

  @Test
  void equalMetrics_pass() throws IOException {
    assertThat(compare(metrics(1.2, 0.7, 0.97, 3), "")).isZero();
  }

  @Test
  void worseMetrics_passWithinBand_failBeyond() throws IOException {
    assertThat(compare(metrics(1.09, 0.7, 0.97, 3), "")).isZero();
    assertThat(compare(metrics(1.07, 0.7, 0.97, 3), "")).isEqualTo(1);
    assertThat(compare(metrics(1.07, 0.7, 0.97, 3), "--band 0.2")).isZero();
    assertThat(compare(metrics(1.19, 0.7, 0.97, 3), "--band 0")).isEqualTo(1);
  }

  @Test
  void lowerSharesAndHigherCosts_fail() throws IOException {
    assertThat(compare(metrics(1.2, 0.7, 0.8, 3), "")).isEqualTo(1);
    assertThat(compare(metrics(1.2, 0.8, 0.97, 3), "")).isEqualTo(1);
    assertThat(compare(metrics(1.2, 0.7, 0.97, 4), "")).isEqualTo(1);
    assertThat(compare(metrics(2, 0.3, 1, 1), "")).as("better in all").isZero();
  }

  @Test
  void printsEveryComparedMetric() throws IOException {
    PrintStream out = System.out;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      compare(metrics(0.9, 0.7, 0.97, 3), "");
    } finally {
      System.setOut(out);
    }
    assertThat(said.toString(StandardCharsets.UTF_8).lines())
        .containsExactlyInAnyOrder(
            "cases.0.ratio: 0.900, was 1.200: worse by more than 0.1",
            "cases.0.peakMemoryRatio: 0.700, was 0.700",
            "fullQueue.share: 0.970, was 0.970",
            "storeCallsPerJob: 3.000, was 3.000");
  }

  @Test
  void ratesWithAUnit_areNotCompared() throws IOException {
    Map<String, Object> slow =
        Map.of(
            "cases",
            List.of(
                Map.of(
                    "rowStepsPerSecond", Map.of("median", 7.0), "ratio", Map.of("median", 1.2))));
    assertThat(compare(slow, "")).isZero();
  }

  @Test
  void refusesUnusableReports() throws IOException {
    Files.writeString(folder.resolve("other.json"), "{\"jobs\": 3}");
    assertThatThrownBy(
            () -> finish("--compare " + folder.resolve("other.json"), metrics(1, 1, 1, 1)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has no metric in common");
    Files.writeString(folder.resolve("torn.json"), "{\"jobs\": ");
    assertThatThrownBy(() -> bench("--compare " + folder.resolve("torn.json")).check())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("torn.json");
    assertThatThrownBy(() -> bench("--compare " + folder.resolve("none.json")).check())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("cannot read");
    assertThatThrownBy(() -> bench("--band 1.5").check())
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--band must be");
  }

  private int compare(Map<String, Object> now, String more) throws IOException {
    Path before = folder.resolve("before.json");
    Files.write(before, JsonText.writePretty(BEFORE));
    return finish(("--compare " + before + " " + more).strip(), now);
  }

  private static int finish(String line, Map<String, Object> metrics) throws IOException {
    BenchReport report = bench(line);
    report.metrics().putAll(metrics);
    return report.finish();
  }

  private static BenchReport bench(String line) {
    Bench bench = new Bench();
    new CommandLine(bench).parseArgs(line.split(" "));
    return bench.output;
  }

  private static Map<String, Object> metrics(double ratio, double memory, double share, int calls) {
    return Map.of(
        "cases",
        List.of(
            Map.of(
                "batch", 8,
                "rowStepsPerSecond", Map.of("median", 35.0),
                "ratio", Map.of("median", ratio, "min", 0.1),
                "peakMemoryRatio", Map.of("median", memory))),
        "fullQueue",
        Map.of("share", Map.of("median", share)),
        "storeCallsPerJob",
        calls);
  }
}
