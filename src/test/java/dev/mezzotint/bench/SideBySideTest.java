package dev.mezzotint.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.cli.Terminal;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests {@code bench training} and {@code bench sampler} with a peer that always gives the same
 * answer.
 */
class SideBySideTest {
  private static final String BENCH =
      "bench training --model " + Terminal.DEFAULTS + " --rounds 2 --seconds 0.05 --batch 1,2 ";

  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() throws IOException {
    terminal = new Terminal(folder);
    Files.writeString(
        folder.resolve("peer.sh"),
        """
        #!/bin/sh
        while read line; do
          echo "$line" >> "$(dirname "$0")/requests.txt"
          echo '{"images": 30, "seconds": 3, "peakBytes": 1e9}'
        done
        """);
    assertThat(folder.resolve("peer.sh").toFile().setExecutable(true)).isTrue();
  }

  @Test
  void training_withoutPeer_measuresOneSide() throws IOException {
    terminal.succeeds(BENCH + "--report @/alone.json");
    assertThat(terminal.stdout()).contains("batch   1:", "batch   2:").doesNotContain("peer");
    String json = Files.readString(folder.resolve("alone.json"));
    assertThat(json).contains("\"imagesPerSecond\"", "\"machine\"").doesNotContain("ratio");
  }

  @Test
  void training_withPeer_printsRatio() throws IOException {
    terminal.succeeds(BENCH + "--peer @/peer.sh --report @/both.json");
    JsonObject metrics = JsonObject.parse(Files.readAllBytes(folder.resolve("both.json")));
    JsonObject first = metrics.objects("cases", 10).orElseThrow().get(0);
    assertThat(first.object("peerImagesPerSecond").orElseThrow().number("median", 0, 100, 0))
        .isEqualTo(10);
    double ours = first.object("imagesPerSecond").orElseThrow().number("min", 0, 1e9, 0);
    double ratio = first.object("ratio").orElseThrow().number("min", 0, 1e9, 0);
    assertThat(ratio * 10).isCloseTo(ours, org.assertj.core.data.Offset.offset(1e-6 * ours));
    // Opened once, then two turns for each of two cases.
    assertThat(Files.readAllLines(folder.resolve("requests.txt")))
        .hasSize(5)
        .first()
        .asString()
        .contains("\"do\":\"open\"", "\"threads\"", "iadb_defaults");
  }

  @Test
  void sampler_withPeer_measuresBarePasses() throws IOException {
    String bench =
        "bench sampler --model " + Terminal.DEFAULTS + " --rounds 2 --seconds 0.05 --batch 1,2 ";
    terminal.succeeds(bench + "--peer @/peer.sh --report @/passes.json");
    assertThat(terminal.stdout())
        .contains("batch   1:", "batch   2:", "peer", "of the rate of plain matrix products");
    JsonObject metrics = JsonObject.parse(Files.readAllBytes(folder.resolve("passes.json")));
    assertThat(metrics.number("operationsPerRowStep", 0, 1e12, 0)).isPositive();
    JsonObject second = metrics.objects("cases", 10).orElseThrow().get(1);
    double ours = second.object("rowStepsPerSecond").orElseThrow().number("median", 0, 1e9, 0);
    double products =
        metrics.object("matrixProductGflops").orElseThrow().number("median", 0, 1e9, 0);
    assertThat(second.number("shareOfMatrixProducts", 0, 1e3, 0))
        .as("about the same: the rate is measured before and after each case")
        .isBetween(
            0.1 * ours * metrics.number("operationsPerRowStep", 0, 1e12, 0) / 1e9 / products,
            10 * ours * metrics.number("operationsPerRowStep", 0, 1e12, 0) / 1e9 / products);
    assertThat(Files.readString(folder.resolve("requests.txt"))).contains("\"do\":\"sampler\"");
    // Only ratios and shares are compared: nothing is worse beyond the widest band.
    terminal.succeeds(bench + "--compare @/passes.json --band 0.99");
  }

  @Test
  void refusesInvalidOptions() {
    terminal.refuses(
        "bench sampler --model " + Terminal.DEFAULTS + " --peer @/peer.sh", "--peer", "--batch");
    terminal.refuses(BENCH + "--peer no-such-program", "--peer", "no-such-program");
    terminal.refuses(BENCH + "--peer true", "--peer", "ended without an answer");
    terminal.refuses("bench training --model " + Terminal.DEFAULTS + " --batch 0", "--batch");
  }
}
