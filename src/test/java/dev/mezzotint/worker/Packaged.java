package dev.mezzotint.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The packaged application, run from a folder as a user would run it there. */
final class Packaged {
  static final Path FOLDER =
      Path.of(System.getProperty("mezzotint.package", "target/quarkus-app")).toAbsolutePath();

  private final Path application;
  private final Path at;
  private final Map<String, String> environment;

  Packaged(Path at, Map<String, String> environment) {
    this(FOLDER, at, environment);
  }

  Packaged(Path application, Path at, Map<String, String> environment) {
    this.application = application;
    this.at = at;
    this.environment = new HashMap<>(environment);
    this.environment.put("OMP_WAIT_POLICY", "PASSIVE");
    this.environment.put("MEZZOTINT_THREADS", "1"); // several workers share the processors
  }

  /** What a command said and how it ended. */
  record Answer(int code, String out, String err) {}

  /** A command under way. */
  record Running(Process process, Path out, Path err) {

    String said() throws IOException {
      return Files.readString(err);
    }

    boolean ends(long seconds) throws InterruptedException {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    }
  }

  Running start(String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-jar");
    command.add(application.resolve("quarkus-run.jar").toString());
    command.addAll(List.of(words));
    Path out = Files.createTempFile(at, "said", ".out");
    Path err = Files.createTempFile(at, "said", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(at.toFile());
    // The environment of the tests may configure another system.
    builder.environment().keySet().removeIf(name -> name.matches("(KAFKA|S3|MEZZOTINT)_.*"));
    builder.environment().putAll(environment);
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    return new Running(builder.start(), out, err);
  }

  Answer run(String... words) throws IOException, InterruptedException {
    Running running = start(words);
    if (!running.ends(180)) {
      running.process().destroyForcibly();
      throw new AssertionError(List.of(words) + " did not end: " + running.said());
    }
    return new Answer(
        running.process().exitValue(), Files.readString(running.out()), running.said());
  }
}
