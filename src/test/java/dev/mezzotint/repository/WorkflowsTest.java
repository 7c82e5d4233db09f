package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the files of GitHub, which cannot be run here. */
class WorkflowsTest {
  private static final Path FOLDER = Path.of(".github");
  private static final Pattern USES =
      Pattern.compile("uses: ([a-z-]+/[a-z-]+)@([0-9a-f]{40}) # (v\\d+\\.\\d+\\.\\d+)");

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(".yml")).toList();
    }
  }

  @Test
  void everyAction_isPinnedToOneCommit() throws IOException {
    Map<String, String> pins = new HashMap<>();
    int seen = 0;
    for (Path file : files()) {
      for (String line : Files.readAllLines(file)) {
        if (line.contains("uses:")) {
          Matcher matcher = USES.matcher(line);
          assertThat(matcher.find()).as(line).isTrue();
          String pin = matcher.group(2) + " " + matcher.group(3);
          assertThat(pins.computeIfAbsent(matcher.group(1), first -> pin)).isEqualTo(pin);
          seen++;
        }
      }
    }
    assertThat(seen).isGreaterThan(8);
  }

  @Test
  void workflows_haveMinimalPermissions() throws IOException {
    for (Path file : files()) {
      JsonNode all = Yaml.document(file);
      if (!all.has("jobs")) {
        continue;
      }
      assertThat(Yaml.texts(all.get("permissions"))).containsExactly(Map.entry("contents", "read"));
      for (JsonNode job : all.get("jobs")) {
        assertThat(job.path("timeout-minutes").asInt()).isPositive();
        for (JsonNode step : job.get("steps")) {
          // Untrusted input must not become part of a script.
          assertThat(step.path("run").asText()).doesNotContain("${{");
          if (step.path("uses").asText().startsWith("actions/checkout")) {
            assertThat(step.at("/with/persist-credentials").asText()).isEqualTo("false");
          }
        }
      }
    }
  }

  @Test
  void everyFile_isOneDocument() throws IOException {
    assertThat(files().stream().map(Yaml::document).toList()).hasSizeGreaterThan(5);
  }
}
