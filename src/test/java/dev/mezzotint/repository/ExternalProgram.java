package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A program that a test uses if it is installed on this machine. */
record ExternalProgram(String name) {
  private static final int SECONDS_MAX = 300;

  /** Finds a program on the path. */
  static Optional<ExternalProgram> find(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return Optional.of(new ExternalProgram(name));
      }
    }
    return Optional.empty();
  }

  /** Exit code and output of a run; the output includes stderr. */
  record Run(int code, String output) {}

  Run run(Path folder, String... arguments) throws IOException, InterruptedException {
    return run(folder, Map.of(), arguments);
  }

  Run run(Path folder, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(Path.of("target"), name, ".txt");
    List<String> words = new ArrayList<>(List.of(name));
    words.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).as(words.toString()).isTrue();
      return new Run(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
