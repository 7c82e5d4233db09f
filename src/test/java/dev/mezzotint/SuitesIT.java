package dev.mezzotint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every test class has really run: an engine that finds nothing in a class says nothing, and the
 * build is as green as before.
 */
class SuitesIT {
  private static final Path SOURCES = Path.of("src/test/java");
  private static final Path REPORTS = Path.of("target/surefire-reports");
  private static final Pattern TESTS = Pattern.compile("<testsuite [^>]*\\btests=\"(\\d+)\"");

  @Test
  void noTestClassRanZeroTests() throws IOException {
    assumeTrue(System.getProperty("test") == null, "only some tests were asked for");
    List<String> silent = new ArrayList<>();
    List<Path> classes;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      classes = files.filter(f -> f.toString().endsWith("Test.java")).toList();
    }
    assertThat(classes).hasSizeGreaterThan(50);
    for (Path source : classes) {
      String name = SOURCES.relativize(source).toString().replace('/', '.');
      name = name.substring(0, name.length() - ".java".length());
      if (ran(REPORTS.resolve("TEST-" + name + ".xml")) == 0) {
        silent.add(name);
      }
    }
    assertThat(silent).as("test classes without a test that ran").isEmpty();
  }

  private static int ran(Path report) throws IOException {
    if (!Files.exists(report)) {
      return 0;
    }
    Matcher matcher = TESTS.matcher(Files.readString(report));
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
  }
}
