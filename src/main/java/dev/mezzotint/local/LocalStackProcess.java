package dev.mezzotint.local;

import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.FileNames;
import dev.mezzotint.json.InvalidInputException;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The local stack in a child JVM with its own class path and a small heap. It ends when this
 * process ends, even if this process is killed.
 *
 * <p>Safe for use by several threads.
 */
public final class LocalStackProcess implements Closeable {
  /** Advice for installations that cannot start a local stack. */
  public static final String SETTINGS_NEEDED =
      "set KAFKA_BOOTSTRAP_SERVERS, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET";

  // By name, because these classes are missing in the packaged application.
  private static final String MAIN = "dev.mezzotint.local.LocalStack";
  private static final String BROKER = "kafka/server/KafkaRaftServer.class";

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(12);
  private static final long LOG_BYTES_MAX = 4 << 20;

  private final Path data;
  private final Process process;
  private final StackAddresses addresses;

  private LocalStackProcess(Path data, Process process, StackAddresses addresses) {
    this.data = data;
    this.process = process;
    this.addresses = addresses;
  }

  /** Starts a stack on the usual ports of Kafka and S3 servers, or on others if these are taken. */
  public static LocalStackProcess start(Path data) throws IOException {
    int brokerPort = isFree(StackAddresses.BROKER_PORT) ? StackAddresses.BROKER_PORT : 0;
    int storePort = isFree(StackAddresses.STORE_PORT) ? StackAddresses.STORE_PORT : 0;
    try {
      return start(data, brokerPort, storePort, Map.of());
    } catch (IOException e) {
      if (isFree(brokerPort) && isFree(storePort)) {
        throw e;
      }
      return start(data, 0, 0, Map.of()); // another process has taken a port since
    }
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Starts broker and store and returns once they serve, after 3 to 6 seconds.
   *
   * @param data created if absent; their log is {@code stack.log} in it
   * @param brokerPort 0 for any free port
   * @param storePort 0 for any free port
   * @param brokerSettings Kafka broker settings that replace the built-in ones
   * @throws IOException with the reason in one sentence
   * @throws InvalidInputException if this installation has no broker and store
   */
  public static LocalStackProcess start(
      Path data, int brokerPort, int storePort, Map<String, String> brokerSettings)
      throws IOException {
    List<String> classPath = installedClassPath();
    Path log = data.resolve("stack.log");
    Process process;
    try {
      Files.createDirectories(data);
      if (Files.exists(log) && Files.size(log) > LOG_BYTES_MAX) {
        Files.move(log, data.resolve("stack.log.1"), StandardCopyOption.REPLACE_EXISTING);
      }
      ProcessBuilder builder =
          new ProcessBuilder(command(classPath, data, brokerPort, storePort, brokerSettings))
              .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
      if (FileNames.localeProblem().isPresent()) {
        builder.environment().put("LC_ALL", "C.UTF-8"); // keys of the store become file names
      }
      process = builder.start();
    } catch (IOException e) {
      throw new IOException(
          "the data folder " + data + " (MEZZOTINT_DATA) cannot be used: " + FileErrors.describe(e),
          e);
    }
    try {
      awaitReady(process, log);
      StackAddresses addresses =
          StackAddresses.read(data)
              .orElseThrow(() -> new IOException("the local stack wrote no stack.json to " + data));
      return new LocalStackProcess(data, process, addresses);
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /**
   * Checks that {@link #start} can work here.
   *
   * @throws InvalidInputException if this installation has no broker and store
   */
  public static void requireInstalled() {
    installedClassPath();
  }

  private static List<String> installedClassPath() {
    return classPath(location())
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "kafka.bootstrap.servers",
                    "this installation has no local broker and store; " + SETTINGS_NEEDED));
  }

  private static List<String> command(
      List<String> classPath,
      Path data,
      int brokerPort,
      int storePort,
      Map<String, String> brokerSettings) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Broker and store together need less than 100 MB of live data. Most of the start is JIT
    // compilation, which takes half as long with the first tier only.
    command.addAll(
        List.of(
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Djava.util.logging.SimpleFormatter.format=%1$tFT%1$tT %4$s [%3$s] %5$s%6$s%n",
            "-Dlog4j2.StatusLogger.level=OFF",
            "-Djava.awt.headless=true",
            "-Duser.language=en"));
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), MAIN));
    command.add(data.toAbsolutePath().toString());
    command.add(Integer.toString(brokerPort));
    command.add(Integer.toString(storePort));
    brokerSettings.forEach((name, value) -> command.add(name + "=" + value));
    return command;
  }

  private static void awaitReady(Process process, Path log) throws IOException {
    CompletableFuture<String> answer =
        CompletableFuture.supplyAsync(
            () -> firstLine(process.getInputStream()),
            task -> {
              Thread reader = new Thread(task, "await-local-stack");
              reader.setDaemon(true);
              reader.start();
            });
    String line;
    try {
      line = answer.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          "the local stack did not start within " + START_LIMIT.toSeconds() + " s; see " + log, e);
    } catch (ExecutionException e) {
      throw new IOException("the local stack did not answer; see " + log, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while starting the local stack", e);
    }
    if (line.isEmpty()) {
      throw new IOException("the local stack exited during its start; see " + log);
    }
    if (!line.equals("ready")) {
      throw new IOException("the local stack did not start (" + line + "); see " + log);
    }
  }

  /** The first line; empty if the stream ends before. */
  private static String firstLine(InputStream output) {
    try {
      String line =
          new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8)).readLine();
      return line == null ? "" : line;
    } catch (IOException e) {
      return "";
    }
  }

  public StackAddresses addresses() {
    return addresses;
  }

  public boolean alive() {
    return process.isAlive();
  }

  public long pid() {
    return process.pid();
  }

  /** Kills the child JVM as {@code kill -9} does, for fault tests. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /**
   * Stops both servers by closing the child's stdin and waits for its end; kills it after 12 s.
   * Leaves it running if another process uses it.
   */
  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    if (SharedStackHandle.anyAlive(data)) {
      return;
    }
    try {
      if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The jar or folder that contains this class. */
  private static @Nullable Path location() {
    CodeSource source = LocalStackProcess.class.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return null;
    }
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * The child's class path. In the package, the application is {@code
   * target/quarkus-app/app/*.jar}, its libraries are in {@code lib/main} and {@code lib/boot}, and
   * the jars of broker and store in {@code target/local-stack/lib}. In tests this JVM's class path
   * has all of them.
   */
  static Optional<List<String>> classPath(@Nullable Path location) {
    if (location != null && Files.isRegularFile(location)) {
      Path application = parent(parent(location));
      if (application != null && application.getParent() != null) {
        Path servers = application.resolveSibling("local-stack").resolve("lib");
        List<String> jars = new ArrayList<>(jars(servers));
        if (!jars.isEmpty()) {
          jars.add(location.toString());
          jars.addAll(jars(application.resolve("lib").resolve("main")));
          jars.addAll(jars(application.resolve("lib").resolve("boot")));
          return Optional.of(jars);
        }
      }
    }
    return LocalStackProcess.class.getClassLoader().getResource(BROKER) == null
        ? Optional.empty()
        : Optional.of(List.of(System.getProperty("java.class.path").split(File.pathSeparator)));
  }

  private static @Nullable Path parent(@Nullable Path path) {
    return path == null ? null : path.getParent();
  }

  private static List<String> jars(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toString).filter(name -> name.endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
