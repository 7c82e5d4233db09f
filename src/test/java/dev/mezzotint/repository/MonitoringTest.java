package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks alert rules and dashboard, with Prometheus' promtool if it is installed. */
class MonitoringTest {
  static final Path FOLDER = Path.of("k8s/components/monitoring");

  /** A metric of ours or of the JVM, and its label matchers. */
  private static final Pattern SELECTOR =
      Pattern.compile("\\b((?:mezzotint|jvm|process)_[a-z0-9_]+)(?:\\{([^}]*)})?");

  private static final Pattern MATCHER = Pattern.compile("([a-z_]+)=~?\\\\?\"([^\"\\\\]*)\\\\?\"");

  @TempDir Path own;

  /** Series that rules and dashboard query: metric name → labels it must have. */
  static Map<String, Set<String>> series() throws IOException {
    Map<String, Set<String>> series = new LinkedHashMap<>();
    for (String file : List.of("dashboard.json", "alerts.yaml")) {
      Matcher selector = SELECTOR.matcher(Files.readString(FOLDER.resolve(file)));
      while (selector.find()) {
        Set<String> labels =
            series.computeIfAbsent(selector.group(1), absent -> new TreeSet<String>());
        Matcher matcher = MATCHER.matcher(Optional.ofNullable(selector.group(2)).orElse(""));
        while (matcher.find()) {
          // The dashboard's own variable; Prometheus adds the label.
          boolean variable = matcher.group(1).equals("namespace");
          for (String value : variable ? new String[0] : matcher.group(2).split("\\|", -1)) {
            labels.add(matcher.group(1) + "=\"" + value + "\"");
          }
        }
      }
    }
    return series;
  }

  private static JsonNode rules() {
    return Yaml.document(FOLDER.resolve("alerts.yaml")).at("/groups/0/rules");
  }

  private static ExternalProgram promtool() {
    Optional<ExternalProgram> promtool = ExternalProgram.find("promtool");
    assumeTrue(
        promtool.isPresent(),
        "promtool is not installed: rules and dashboard were not checked by Prometheus");
    return promtool.get();
  }

  @Test
  void series_parsesSelectors() throws IOException {
    assertThat(series())
        .hasSizeGreaterThan(20)
        .containsEntry("mezzotint_backlog_age_seconds", Set.of())
        .containsEntry("jvm_memory_used_bytes", Set.of("area=\"heap\""))
        .containsEntry(
            "mezzotint_jobs_total",
            Set.of(
                "state=\"accepted\"",
                "state=\"cancelled\"",
                "state=\"completed\"",
                "state=\"expired\"",
                "state=\"failed\""));
  }

  @Test
  void everyAlert_hasAFiringAndASilentCase() {
    Set<String> fires = new TreeSet<>();
    Set<String> silent = new TreeSet<>();
    for (JsonNode test : Yaml.document(FOLDER.resolve("alerts.test.yaml")).get("tests")) {
      for (JsonNode expected : test.get("alert_rule_test")) {
        JsonNode alerts = expected.get("exp_alerts"); // a text if it is an alias
        boolean none = alerts.isArray() && alerts.isEmpty();
        (none ? silent : fires).add(expected.get("alertname").asText());
      }
    }
    Set<String> names = new TreeSet<>();
    rules().forEach(rule -> names.add(rule.get("alert").asText()));

    assertThat(names).hasSizeGreaterThan(5);
    assertThat(fires).isEqualTo(names);
    assertThat(silent).isEqualTo(names);
  }

  @Test
  void promtool_acceptsTheRules_andTheirTestsPass() throws Exception {
    ExternalProgram promtool = promtool();

    ExternalProgram.Run checked = promtool.run(FOLDER, "check", "rules", "alerts.yaml");
    assertThat(checked.code()).as(checked.output()).isZero();
    assertThat(checked.output()).contains(rules().size() + " rules found");
    ExternalProgram.Run tested = promtool.run(FOLDER, "test", "rules", "alerts.test.yaml");
    assertThat(tested.code()).as(tested.output()).isZero();
    ExternalProgram.Run scraped =
        promtool.run(
            Path.of("docker/monitoring"), "check", "config", "--syntax-only", "prometheus.yaml");
    assertThat(scraped.code()).as(scraped.output()).isZero();
  }

  @Test
  void promtool_lateRule_fails() throws Exception {
    ExternalProgram promtool = promtool();
    String right = Files.readString(FOLDER.resolve("alerts.yaml"));
    Files.copy(FOLDER.resolve("alerts.test.yaml"), own.resolve("alerts.test.yaml"));

    Files.writeString(own.resolve("alerts.yaml"), right.replaceFirst("for: 10m", "for: 30m"));
    ExternalProgram.Run tested = promtool.run(own, "test", "rules", "alerts.test.yaml");

    assertThat(tested.code()).isNotZero();
    assertThat(tested.output()).contains("MezzotintRequestsNotTaken");
  }

  /** Wraps the expressions in recording rules, because promtool cannot parse plain expressions. */
  @Test
  void promtool_readsEveryExpressionOfTheDashboard() throws Exception {
    ExternalProgram promtool = promtool();
    List<String> lines = new ArrayList<>(List.of("groups:", "  - name: dashboard", "    rules:"));
    int panels = 0;
    for (JsonNode panel : Yaml.document(FOLDER.resolve("dashboard.json")).get("panels")) {
      for (JsonNode target : panel.get("targets")) {
        lines.add("      - record: panel" + panel.get("id") + "_" + target.get("refId").asText());
        lines.add("        expr: " + target.get("expr")); // JSON's quoting is YAML's
        panels++;
      }
    }
    Files.write(own.resolve("dashboard.yaml"), lines);

    ExternalProgram.Run checked = promtool.run(own, "check", "rules", "dashboard.yaml");

    assertThat(checked.code()).as(checked.output()).isZero();
    assertThat(checked.output()).contains(panels + " rules found");
  }
}
