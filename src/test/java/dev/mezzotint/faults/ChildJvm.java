package dev.mezzotint.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A JVM on this one's class path. Its stdout is a line of answers, its stderr a log file. It ends
 * with this one, since its stdin ends then.
 */
final class ChildJvm {
  private static final long ANSWER_SECONDS = 90;

  private final Process process;
  private final Path log;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

  /**
   * @param fileKilobytesMax no file of it may grow larger; 0 for no limit
   */
  static ChildJvm start(
      Path log, Map<String, String> environment, int fileKilobytesMax, List<String> main)
      throws IOException {
    List<String> java = new ArrayList<>();
    java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    java.addAll(
        List.of(
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:-BytecodeVerificationRemote",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Dlog4j2.StatusLogger.level=OFF",
            "-Dai.djl.offline=true",
            "-cp",
            System.getProperty("java.class.path")));
    java.addAll(main);
    if (fileKilobytesMax > 0) {
      // Not the log, which is a pipe to another process then.
      java.addAll(
          0,
          List.of(
              "bash",
              "-c",
              "exec 2> >(cat >> \"$0\"); ulimit -f \"$1\"; shift; exec \"$@\"",
              log.toString(),
              Integer.toString(fileKilobytesMax)));
    }
    Files.createDirectories(log.getParent());
    ProcessBuilder builder =
        new ProcessBuilder(java).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    builder.environment().put("MEZZOTINT_THREADS", "1"); // several workers share the processors
    return new ChildJvm(builder.start(), log);
  }

  private ChildJvm(Process process, Path log) {
    this.process = process;
    this.log = log;
    StoreTap.daemon("answers", this::listen);
  }

  private void listen() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.add(line);
      }
    } catch (IOException e) {
      // it has ended
    }
  }

  /** Returns once it has said this word. */
  void await(String word) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(ANSWER_SECONDS);
    StringBuilder others = new StringBuilder();
    try {
      while (System.nanoTime() < end) {
        String line = answers.poll(100, TimeUnit.MILLISECONDS);
        if (word.equals(line)) {
          return;
        }
        if (line != null) {
          others.append(line).append('\n');
        }
        if (line == null && !process.isAlive() && answers.isEmpty()) {
          break;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IllegalStateException(
        "a child did not say " + word + " but: " + others + "; see " + log);
  }

  void send(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  /** As {@code kill -9}. May be called from any thread. */
  void kill() {
    process.destroyForcibly();
    join(10);
  }

  /** As {@code kill}; false if it still runs after that time. */
  boolean terminate(int seconds) {
    // Process.destroy would close the child's stdin as well, at which it goes at once.
    signal("TERM");
    return join(seconds);
  }

  boolean join(int seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * @param name such as {@code STOP}
   */
  void signal(String name) {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start();
      if (kill.waitFor() != 0 && process.isAlive()) {
        throw new IllegalStateException("kill -" + name + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
