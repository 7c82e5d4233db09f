package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A program of this machine that a check uses where it is installed. */
record ExternalProgram(String name) {
  private static final int SECONDS_MAX = 60;

  /** Empty where it is not on the path. */
  static Optional<ExternalProgram> find(String name) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return Optional.of(new ExternalProgram(name));
      }
    }
    return Optional.empty();
  }

  /** What a run came to; errors are part of what it said. */
  record Run(int code, String said) {}

  Run run(Path folder, String... arguments) throws IOException, InterruptedException {
    Path said = Files.createTempFile(Path.of("target"), name, ".txt");
    List<String> words = new ArrayList<>(List.of(name));
    words.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).as(words.toString()).isTrue();
      return new Run(process.exitValue(), Files.readString(said));
    } finally {
      process.destroyForcibly();
      Files.delete(said);
    }
  }
}
