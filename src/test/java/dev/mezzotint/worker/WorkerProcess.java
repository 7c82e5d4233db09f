package dev.mezzotint.worker;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;

/** A worker in a JVM of its own, on this one's class path, without the application around it. */
final class WorkerProcess {
  private final Process process;
  private final String name;

  private WorkerProcess(Process process, String name) {
    this.process = process;
    this.name = name;
  }

  /** Returns at once. */
  static WorkerProcess start(Site site, String name, Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                WorkerProcess.class.getName()));
    builder.environment().putAll(site.environment());
    builder.environment().put("MEZZOTINT_WORKER", name);
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    builder.environment().put("MEZZOTINT_THREADS", "1"); // several workers share the processors
    File file = log.toFile();
    return new WorkerProcess(builder.redirectErrorStream(true).redirectOutput(file).start(), name);
  }

  String name() {
    return name;
  }

  boolean alive() {
    return process.isAlive();
  }

  /** As {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** As {@code kill} does; false if it still runs after that time. */
  boolean terminate(long seconds) throws InterruptedException {
    process.destroy();
    return process.waitFor(seconds, TimeUnit.SECONDS);
  }

  /** {@code STOP} or {@code CONT}. */
  void signal(String name) throws IOException, InterruptedException {
    int code = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
    if (code != 0) {
      throw new IllegalStateException("kill -" + name + " ended with " + code);
    }
  }

  public static void main(String... args) throws Exception {
    WorkerConfig settings = WorkerConfig.read(ConfigProvider.getConfig());
    Worker worker = Worker.start(settings, Endpoints.running(settings));
    Runtime.getRuntime().addShutdownHook(new Thread(worker::close, "stop"));
    new CountDownLatch(1).await();
  }
}
