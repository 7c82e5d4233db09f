package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.s3.S3Settings;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Packaged.Answer;
import dev.mezzotint.worker.Packaged.Running;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The package as a user runs it, from a folder of the user's own. */
class PackageIT {
  private static final Path TINY = Site.TINY.toAbsolutePath();

  /** What must not appear on a console: traces of the frame, of libraries, of a log set up late. */
  private static final Pattern UNTIDY =
      Pattern.compile("(?m)^\\tat |Exception|LogManager|WARN|SLF4J|SEVERE|S3Settings\\[");

  @TempDir Path folder;

  private Packaged mezzotint;

  @BeforeEach
  void prepare() throws IOException {
    Site.copy(TINY, folder.resolve("models").resolve("iadb_defaults"));
    mezzotint = packaged(Map.of());
  }

  private Packaged packaged(Map<String, String> more) {
    Map<String, String> environment = new java.util.HashMap<>(more);
    environment.put("MEZZOTINT_DATA", "data");
    environment.put("MEZZOTINT_MODELS", "models");
    environment.put("MEZZOTINT_HTTP_PORT", "0");
    return new Packaged(folder, environment);
  }

  private static void checkTidy(String said) {
    assertThat(said).doesNotContainPattern(UNTIDY);
  }

  @Test
  void carriesNeitherBrokerNorStoreNorCompiler() throws IOException {
    List<String> jars = names(Packaged.FOLDER.resolve("lib"));

    assertThat(jars).anyMatch(name -> name.contains("kafka-clients"));
    assertThat(jars)
        .noneMatch(
            name ->
                name.matches(
                    ".*(kafka_2|kafka-server|kafka-metadata|kafka-raft|kafka-storage|scala"
                        + "|s3proxy|awssdk|jetty|jclouds|testcontainers|junit|error_prone_core).*"));
    assertThat(names(Packaged.FOLDER.resolveSibling("local-stack").resolve("lib")))
        .anyMatch(name -> name.startsWith("kafka_2"))
        .anyMatch(name -> name.startsWith("s3proxy"));
  }

  private static List<String> names(Path under) throws IOException {
    try (Stream<Path> files = Files.walk(under)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jar"))
          .toList();
    }
  }

  @Test
  void helpNamesTheCommandsAndWrongWordsAreRefused() throws Exception {
    Answer help = mezzotint.run("--help");

    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("worker", "demo", "generate", "submit", "watch");
    assertThat(help.err()).isEmpty();

    Answer unknown = mezzotint.run("generate", "--sampler", "euler", "--stepz", "3");
    assertThat(unknown.code()).isEqualTo(2);
    assertThat(unknown.err()).hasLineCount(1);
  }

  @Test
  void generate_needsNothingButThePackage() throws Exception {
    String[] words = {"generate", "--model", TINY.toString(), "--count", "3", "--steps", "4"};
    Answer answer = mezzotint.run(and(words, "--out", "pictures"));

    assertThat(answer.code()).as(answer.err()).isZero();
    assertThat(answer.out()).hasLineCount(1).contains("3 images in pictures");
    assertThat(answer.err()).isEmpty();
    assertThat(folder.resolve("pictures"))
        .isDirectoryContaining("glob:**/00002.png")
        .isDirectoryContaining("glob:**/samples.safetensors");
    assertThat(picture("pictures/00000.png").width()).isEqualTo(16);

    Answer wrong = mezzotint.run("generate", "--model", "no-such-model", "--out", "none");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).hasLineCount(1).contains("no-such-model");
  }

  /**
   * Without {@link ShutdownSequence} an engine takes itself down under a pass, and the JVM crashes.
   */
  @ParameterizedTest
  @CsvSource({"onnxruntime, libonnxruntime", "pytorch, libtorch_cpu"})
  void sigtermDuringPasses_endsInOrder(String engine, String library) throws Exception {
    for (int i = 0; i < 2; i++) {
      Running running =
          packaged(Map.of("MEZZOTINT_ENGINE", engine))
              .start(
                  "generate",
                  "--model",
                  Path.of("models/avatars-32").toAbsolutePath().toString(),
                  "--count",
                  "256",
                  "--steps",
                  "1000",
                  "--out",
                  "never-" + i);
      try {
        Path maps = Path.of("/proc/" + running.process().pid() + "/maps");
        long end = System.nanoTime() + 60_000_000_000L;
        while (!Files.readString(maps).contains(library)) {
          assertThat(System.nanoTime()).as("engine: %s", running.said()).isLessThan(end);
          Thread.sleep(50);
        }
        Thread.sleep(2000 + 300L * i); // the model is loaded, and passes run
        running.process().destroy();
        assertThat(running.process().waitFor()).as(running.said()).isEqualTo(143);
      } finally {
        running.process().destroyForcibly();
      }
    }
    assertThat(folder).isDirectoryNotContaining("glob:**/hs_err*");
  }

  private static String[] and(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  private Pixels picture(String name) throws IOException {
    return ImageReader.read(Files.readAllBytes(folder.resolve(name)), 3);
  }

  @Test
  void findsBundledModelsBesideItselfFromAnywhere() throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed/target/quarkus-app"));
    Site.copy(Packaged.FOLDER.resolve("app"), installed.resolve("app"));
    Site.copy(Packaged.FOLDER.resolve("quarkus"), installed.resolve("quarkus"));
    Files.copy(Packaged.FOLDER.resolve("quarkus-run.jar"), installed.resolve("quarkus-run.jar"));
    // Some hundred megabytes.
    Path lib = installed.resolve("lib");
    Files.createSymbolicLink(lib, Packaged.FOLDER.resolve("lib"));
    Site.copy(TINY, folder.resolve("installed/models/bundled-tiny"));
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Packaged plain = new Packaged(installed, elsewhere, Map.of());

    Answer answer =
        plain.run("generate", "--model", "bundled-tiny", "--steps", "2", "--out", "pictures");
    assertThat(answer.code()).as(answer.err()).isZero();
    Files.delete(lib);
    assertThat(elsewhere.resolve("pictures/00000.png")).exists();
  }

  @Test
  void halfAConfigurationIsRefusedInOneLine() throws Exception {
    Packaged half = packaged(Map.of("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"));

    for (String[] words : new String[][] {{"worker"}, {"demo"}, {"watch", "a"}}) {
      Answer answer = half.run(words);
      assertThat(answer.code()).as(answer.err()).isEqualTo(2);
      assertThat(answer.err().lines().filter(line -> line.startsWith("error: S3_ENDPOINT")))
          .hasSize(1);
      assertThat(answer.out()).isEmpty();
      checkTidy(answer.err());
    }
    assertThat(half.run("worker").err()).hasLineCount(1);
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void demoTakesOneJobAllTheWay() throws Exception {
    Answer answer = mezzotint.run("demo", "--model", "iadb_defaults", "--out", "shown");

    assertThat(answer.code()).as(answer.err()).isZero();
    assertThat(answer.out()).hasLineCount(1).contains(folder.getFileName() + "/shown/grid.png");
    assertThat(answer.err()).contains("accepted", "started", "completed");
    assertThat(answer.err().lines()).hasSizeLessThan(25);
    checkTidy(answer.err());
    assertThat(picture("shown/grid.png").width()).isGreaterThanOrEqualTo(64);
    assertThat(folder.resolve("shown/00015.png")).exists();
    assertThat(folder.resolve("data/stack.json")).doesNotExist();
    List<Integer> ports =
        Pattern.compile("127\\.0\\.0\\.1:(\\d+)")
            .matcher(answer.err())
            .results()
            .map(found -> Integer.valueOf(found.group(1)))
            .toList();
    assertThat(ports).hasSize(2).noneMatch(PackageIT::connects);
  }

  private static boolean connects(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aWorkerWithoutConfigurationServesUntilItIsStoppedAndGoesOnLater() throws Exception {
    Running worker = mezzotint.start("worker");
    ProcessHandle stack;
    try {
      URI health = ready(worker);
      assertThat(get(health)).contains("\"UP\"").doesNotContain("DOWN");
      stack = stack();
      assertThat(stack.isAlive()).isTrue();

      write("good.json", "\"id\":\"good\",\"count\":2,\"steps\":4");
      Answer good = mezzotint.run("submit", "good.json", "--out", "good");
      assertThat(good.code()).as(good.err()).isZero();
      try (Stream<Path> files = Files.list(folder.resolve("good"))) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .containsExactlyInAnyOrder("00000.png", "00001.png", "manifest.json");
      }
      assertThat(good.out()).contains("accepted", "completed", "s3://mezzotint/jobs/good/");
      checkTidy(good.err());

      Answer put = mezzotint.run("put", "good", "inputs/good/");
      assertThat(put.code()).as(put.err()).isZero();
      write(
          "again.json",
          "\"id\":\"again\",\"steps\":4,\"init\":{\"image\":\"inputs/good/00001.png\",\"alpha\":0.5}");
      Answer again = mezzotint.run("submit", "again.json", "--watch");
      assertThat(again.code()).as(again.out() + again.err()).isZero();

      write("bad.json", "\"id\":\"bad\",\"steps\":0");
      Answer bad = mezzotint.run("submit", "bad.json", "--watch");
      assertThat(bad.code()).isEqualTo(2);
      assertThat(bad.err()).contains("bad.json: steps must be from 1 to 1000, not 0");
      assertThat(bad.out()).isEmpty();
      assertThat(mezzotint.run("cancel", "bad").code()).isEqualTo(1);
      Answer late = mezzotint.run("cancel", "good");
      assertThat(late.code()).isEqualTo(1);
      assertThat(late.err()).contains("job good has already completed");
      Answer listed = mezzotint.run("jobs", "list");
      assertThat(listed.out()).contains("completed  good").doesNotContain("bad");

      write("long.json", "\"id\":\"long\",\"count\":16,\"steps\":300");
      assertThat(mezzotint.run("submit", "long.json").code()).isZero();
      awaitObject(Keys.jobRecord("long"));
    } finally {
      worker.process().destroy();
      assertThat(worker.ends(25)).as("ended within 25 s").isTrue();
    }
    assertThat(worker.process().exitValue()).isIn(0, 143);
    assertThat(stack.isAlive()).isFalse();
    assertThat(worker.said()).contains("takes requests at", "Open http://localhost:", " - Kafka ");
    assertThat(folder.resolve("data/worker.json")).doesNotExist();
    assertThat(worker.said().lines()).hasSizeLessThan(12);
    checkTidy(worker.said());

    Answer absent = mezzotint.run("submit", "good.json");
    assertThat(absent.code()).isEqualTo(2);
    assertThat(absent.err()).hasLineCount(1).contains("no worker runs on");

    Running next = mezzotint.start("worker");
    try {
      ready(next);
      stack = stack();
      Answer watched = mezzotint.run("watch", "long");
      assertThat(watched.code()).as(watched.out()).isZero();
      assertThat(watched.out().lines().filter(line -> line.contains("  started  "))).hasSize(2);
    } finally {
      next.process().destroy();
      assertThat(next.ends(25)).isTrue();
    }
    assertThat(stack.isAlive()).isFalse();
  }

  private void write(String name, String members) throws IOException {
    Files.writeString(folder.resolve(name), "{" + members + ",\"model\":\"iadb_defaults\"}");
  }

  /** Waits until the worker takes requests; where it tells so. */
  private URI ready(Running worker) throws Exception {
    Pattern address = Pattern.compile("Listening on: (http://\\S+)");
    long end = System.nanoTime() + 120_000_000_000L;
    while (System.nanoTime() < end && worker.process().isAlive()) {
      Matcher found = address.matcher(worker.said());
      if (found.find()) {
        URI health = URI.create(found.group(1) + "/q/health/ready");
        if (get(health).contains("\"UP\"") && StackAddresses.find(data()).isPresent()) {
          return health;
        }
      }
      Thread.sleep(200);
    }
    throw new AssertionError("not ready: " + worker.said());
  }

  private void awaitObject(String key) throws InterruptedException {
    StackAddresses at = StackAddresses.find(data()).orElseThrow();
    S3Settings settings =
        S3Settings.of(at.s3Endpoint(), at.accessKey(), at.secretKey(), WorkerConfig.BUCKET_DEFAULT);
    try (S3ObjectStore store = new S3ObjectStore(settings)) {
      long end = System.nanoTime() + 60_000_000_000L;
      while (store.stat(key).isEmpty()) {
        assertThat(System.nanoTime()).as("%s appears", key).isLessThan(end);
        Thread.sleep(50);
      }
    }
  }

  /** The process of broker and store. */
  private ProcessHandle stack() {
    return ProcessHandle.of(StackAddresses.find(data()).orElseThrow().pid()).orElseThrow();
  }

  private Path data() {
    return folder.resolve("data");
  }

  private static String get(URI address) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
