package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.worker.Forwarder;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Lays out the image's files as the Dockerfile does and runs them the same way: read-only files,
 * same command, same environment, and same user if the tests may switch users. What only a Docker
 * engine can show is not covered: the base image, the CUDA stage, the health check's timing.
 */
class ImageIT {
  private static final String HOME = "/opt/mezzotint";
  private static final String CACHE = "/var/cache/mezzotint";
  private static final String USER = "10001";

  /** The temporary folder of everything below. */
  private Path root;

  private Path home;
  private Path cache;
  private Dockerfile.Stage image;

  @BeforeEach
  void layOut() throws IOException {
    image = Dockerfile.stage("cpu");
    // Outside folders that are private to this user.
    root = Files.createTempDirectory("mezzotint-image");
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    home = Files.createDirectories(root.resolve("home"));
    cache = Files.createDirectories(root.resolve("cache"));
    for (String copy : image.all("COPY")) {
      String[] words = copy.split("\\s+");
      for (int i = 0; i < words.length - 1; i++) {
        copy(words[i], home.resolve(words[words.length - 1]).normalize());
      }
    }
  }

  @AfterEach
  void remove() throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
    }
  }

  /** Like COPY: copies a folder's contents or matching files into a folder. */
  private static void copy(String source, Path to) throws IOException {
    Path path = Path.of(source);
    if (source.endsWith("/")) {
      assertThat(path).as("COPY %s", source).isNotEmptyDirectory();
      try (Stream<Path> files = Files.walk(path)) {
        for (Path file : files.toList()) {
          Path at = to.resolve(path.relativize(file));
          if (Files.isDirectory(file)) {
            Files.createDirectories(at);
          } else {
            place(file, at);
          }
        }
      }
      return;
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + source);
    Path folder = path.getParent() == null ? Path.of(".") : path.getParent();
    int copied = 0;
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (matcher.matches(file.normalize())) {
          place(file, to.resolve(file.getFileName()));
          copied++;
        }
      }
    }
    assertThat(copied).as("COPY %s", source).isPositive();
  }

  private static void place(Path file, Path at) throws IOException {
    Files.copy(file, at);
    Files.setPosixFilePermissions(at, PosixFilePermissions.fromString("r--r--r--"));
  }

  @Test
  void containsWhatProductionNeeds_andNothingElse() throws IOException {
    List<String> names;
    try (Stream<Path> files = Files.walk(home)) {
      names = files.map(file -> home.relativize(file).toString()).toList();
    }

    assertThat(names)
        .contains("LICENSE", "NOTICE", "target/quarkus-app/quarkus-run.jar")
        .anyMatch(name -> name.matches("models/.*/diffusion_pytorch_model\\.safetensors"));
    assertThat(names)
        .noneMatch(name -> name.contains("local-stack"))
        .noneMatch(
            name ->
                name.matches(
                    ".*(kafka_2|kafka-server|scala|s3proxy|awssdk|junit|testcontainers"
                        + "|error_prone_core|javac|tools\\.jar).*"));
  }

  @Test
  void dockerignore_includesEverythingThatIsCopied() throws IOException {
    List<String> rules =
        Files.readAllLines(Path.of("docker/Dockerfile.dockerignore")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    for (String copy : image.all("COPY")) {
      String[] words = copy.split("\\s+");
      for (int i = 0; i < words.length - 1; i++) {
        assertThat(ignored(rules, words[i].replaceAll("/$", ""))).as(words[i]).isFalse();
      }
    }
    for (String name : List.of("src/main", ".git/config", "target/local-stack/lib", "target/x")) {
      assertThat(ignored(rules, name)).as(name).isTrue();
    }
  }

  /** The last rule that matches the path or one of its parents decides. */
  private static boolean ignored(List<String> rules, String path) {
    boolean ignored = false;
    for (String rule : rules) {
      boolean keeps = rule.startsWith("!");
      PathMatcher matcher =
          FileSystems.getDefault().getPathMatcher("glob:" + (keeps ? rule.substring(1) : rule));
      for (Path part = Path.of(path); part != null; part = part.getParent()) {
        if (matcher.matches(part)) {
          ignored = !keeps;
          break;
        }
      }
    }
    return ignored;
  }

  @Test
  void withoutBrokerAndStore_namesTheRequiredSettings() throws Exception {
    Process process = start(image.words("CMD"), Map.of("MEZZOTINT_HTTP_PORT", freePort()));

    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(output()).contains("KAFKA_BOOTSTRAP_SERVERS", "S3_ENDPOINT");
    assertThat(output()).doesNotContain("DEBUG");
  }

  @Test
  void becomesReady_generatesAnImage_stopsOnSigterm() throws Exception {
    StackAddresses stack = SharedStack.get();
    Map<String, String> more = settings(stack);
    long begun = System.nanoTime();
    Process worker = start(image.words("CMD"), more);
    try {
      assertThat(probe(more)).as("live from the start, or not yet listening").isBetween(0, 1);
      Path request = Files.writeString(root.resolve("request.json"), REQUEST);
      awaitReady(worker, more.get("MEZZOTINT_HTTP_PORT"));
      printSeconds("cold", begun);
      assertThat(probe(more)).isZero();

      Process submit = start(List.of("submit", request.toString(), "--watch"), more);
      assertThat(submit.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(submit.exitValue()).as(output()).isZero();

      everyNameOfTheDashboardAndTheRulesIsExported(more.get("MEZZOTINT_HTTP_PORT"));
      worker.destroy();
      assertThat(worker.waitFor(25, TimeUnit.SECONDS)).isTrue();
      assertThat(probe(more)).isEqualTo(1);

      begun = System.nanoTime();
      worker = start(image.words("CMD"), more);
      awaitReady(worker, more.get("MEZZOTINT_HTTP_PORT"));
      printSeconds("warm", begun);
      assertThat(output()).doesNotContain(stack.secretKey());
      assertThat(output()).contains("\"level\":\"INFO\"").doesNotContain("DEBUG");
    } finally {
      worker.destroyForcibly();
    }
  }

  /** Settings for the tests' broker and store, with unique names there. */
  private static Map<String, String> settings(StackAddresses stack) throws IOException {
    String own = "i" + UUID.randomUUID().toString().substring(0, 8);
    Map<String, String> more = new LinkedHashMap<>();
    more.put("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
    more.put("S3_ENDPOINT", stack.s3Endpoint());
    more.put("S3_ACCESS_KEY", stack.accessKey());
    more.put("S3_SECRET_KEY", stack.secretKey());
    more.put("S3_BUCKET", own);
    more.put("MEZZOTINT_TOPICS_PREFIX", own);
    more.put("MEZZOTINT_GROUP", own);
    more.put("MEZZOTINT_HTTP_PORT", freePort());
    return more;
  }

  @Test
  void waitsForTheStore_andStartsOnceItIsReachable() throws Exception {
    StackAddresses stack = SharedStack.get();
    Map<String, String> more = settings(stack);
    int port = Integer.parseInt(freePort());
    more.put("S3_ENDPOINT", "http://127.0.0.1:" + port);
    Process worker = start(image.words("CMD"), more);
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (!output().contains("Not started yet")) {
        assertThat(worker.isAlive()).as(output()).isTrue();
        assertThat(System.nanoTime()).as(output()).isLessThan(end);
        Thread.sleep(200);
      }
      assertThat(output()).contains("127.0.0.1:" + port);
      assertThat(ready(more.get("MEZZOTINT_HTTP_PORT"))).isFalse();
      // Still live: a restart would not make the store available.
      assertThat(probe(more)).isZero();

      int target = java.net.URI.create(stack.s3Endpoint()).getPort();
      try (Forwarder store = new Forwarder(port, target)) {
        awaitReady(worker, more.get("MEZZOTINT_HTTP_PORT"));
      }
    } finally {
      worker.destroyForcibly();
    }
  }

  private static final String REQUEST =
      "{\"id\":\"image-1\",\"model\":\"avatars-32\",\"count\":1,\"steps\":2}";

  private static void printSeconds(String what, long since) {
    System.out.printf("start to ready, %s: %.1f s%n", what, (System.nanoTime() - since) / 1e9);
  }

  private void awaitReady(Process worker, String port) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!ready(port)) {
      assertThat(worker.isAlive()).as(output()).isTrue();
      assertThat(System.nanoTime()).as(output()).isLessThan(end);
      Thread.sleep(200);
    }
  }

  private static void everyNameOfTheDashboardAndTheRulesIsExported(String port) throws Exception {
    String exported =
        new String(
            java.net
                .URI
                .create("http://127.0.0.1:" + port + "/q/metrics")
                .toURL()
                .openStream()
                .readAllBytes(),
            java.nio.charset.StandardCharsets.UTF_8);
    for (Map.Entry<String, Set<String>> asked : MonitoringTest.series().entrySet()) {
      assertThat(exported).containsPattern("(?m)^" + asked.getKey() + "[{ ]");
      for (String label : asked.getValue()) {
        assertThat(exported)
            .containsPattern("(?m)^" + asked.getKey() + "\\{[^}]*" + Pattern.quote(label));
      }
    }
  }

  private static boolean ready(String port) {
    try {
      java.net.HttpURLConnection asked =
          (java.net.HttpURLConnection)
              java.net
                  .URI
                  .create("http://127.0.0.1:" + port + "/q/health/ready")
                  .toURL()
                  .openConnection();
      return asked.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Runs the health check's command. */
  private int probe(Map<String, String> more) throws Exception {
    String check = image.last("HEALTHCHECK");
    Process process = run(Dockerfile.words(check), more);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private Process start(List<String> arguments, Map<String, String> more) throws IOException {
    List<String> command = new ArrayList<>(image.words("ENTRYPOINT"));
    command.addAll(arguments);
    return run(command, more);
  }

  private Process run(List<String> words, Map<String, String> more) throws IOException {
    List<String> command = new ArrayList<>();
    if (otherUser()) {
      own(cache);
      command.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=0", "--clear-groups"));
    }
    assertThat(words.get(0)).isEqualTo("java");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.stream().skip(1).map(this::here).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
    builder.environment().clear();
    image.variables("ENV").forEach((name, value) -> builder.environment().put(name, here(value)));
    builder.environment().putAll(more);
    Path log = root.resolve("output.log");
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return builder.start();
  }

  private String here(String value) {
    return value.replace(HOME, home.toString()).replace(CACHE, cache.toString());
  }

  private String output() throws IOException {
    return Files.readString(root.resolve("output.log"));
  }

  private static boolean otherUser() {
    return System.getProperty("user.name").equals("root")
        && Files.isExecutable(Path.of("/usr/bin/setpriv"));
  }

  private static void own(Path folder) throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    Files.setAttribute(folder, "unix:uid", Integer.parseInt(USER), LinkOption.NOFOLLOW_LINKS);
  }

  private static String freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return Integer.toString(socket.getLocalPort());
    }
  }
}
