package dev.mezzotint.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AutoscalerBenchTest {
  @TempDir Path folder;

  private static int run(String... words) throws Exception {
    AutoscalerBench bench = new AutoscalerBench();
    new CommandLine(bench).parseArgs(words);
    return bench.call();
  }

  @Test
  void replaysTrace_forEverySetting() throws Exception {
    Path trace = Files.writeString(folder.resolve("trace.csv"), "seconds\n0\n1\n2.5\n600\n");
    Path json = folder.resolve("metrics.json");

    assertThat(
            run(
                "--trace",
                trace.toString(),
                "--target-seconds",
                "30,60",
                "--job-seconds",
                "2",
                "--report",
                json.toString()))
        .isZero();
    JsonObject metrics = JsonObject.parse(Files.readAllBytes(json));
    List<JsonObject> settings = metrics.objects("settings", 10).orElseThrow();
    assertThat(metrics.integer("jobs", 0, 10, -1)).isEqualTo(4);
    assertThat(settings).hasSize(4);
    assertThat(settings.get(0).toMap().get("least")).hasToString("0");
    assertThat(((Number) settings.get(0).toMap().get("waitP99")).doubleValue())
        .isGreaterThanOrEqualTo(90);
    assertThat(((Number) settings.get(1).toMap().get("waitP99")).doubleValue()).isLessThan(1);
  }

  @Test
  void refusesInvalidOptions() {
    for (String[] words :
        new String[][] {
          {"--job-seconds", "0"},
          {"--job-seconds", "NaN"},
          {"--job-seconds", "5", "--job-latency", "4"},
          {"--startup", "-1"},
          {"--pods", "0"},
          {"--jobs", "0"},
          {"--target-seconds", "0"},
          {"--trace", "no-such-file"}
        }) {
      assertThatThrownBy(() -> run(words))
          .as(String.join(" ", words))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(words[words.length - 2].equals("--trace") ? "no file" : "must be");
    }
  }
}
