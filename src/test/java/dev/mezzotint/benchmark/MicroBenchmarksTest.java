package dev.mezzotint.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs every benchmark once, in this process, so that none breaks unnoticed; the times are not
 * meaningful. {@code ./mvnw test -Dtest=MicroBenchmarksTest -Dbenchmark.json=FILE} measures: three
 * processes of each, five times a second after as much warm-up, with what each call allocates.
 */
class MicroBenchmarksTest {
  private static final int BENCHMARKS = 4 * 3 + 4;

  @TempDir Path folder;

  @Test
  void everyBenchmark_runs() throws RunnerException {
    String json = System.getProperty("benchmark.json", "");
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(MicroBenchmarks.class.getName())
            .shouldFailOnError(true)
            .resultFormat(ResultFormatType.JSON);
    if (json.isEmpty()) {
      options
          .forks(0)
          .warmupIterations(0)
          .measurementIterations(1)
          .measurementTime(TimeValue.milliseconds(10))
          .result(folder.resolve("micro.json").toString());
    } else {
      options
          .forks(3)
          .warmupIterations(3)
          .warmupTime(TimeValue.seconds(1))
          .measurementIterations(5)
          .measurementTime(TimeValue.seconds(1))
          .addProfiler("gc")
          .result(json);
    }
    Collection<RunResult> results = new Runner(options.build()).run();
    assertThat(results).hasSize(BENCHMARKS);
    assertThat(results)
        .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
  }
}
