package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.s3.S3Settings;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.worker.Packaged.Answer;
import dev.mezzotint.worker.Packaged.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The package under locales, homes and caches that a user may have. */
class UserEnvironmentIT {
  private static final String TINY = Site.TINY.toAbsolutePath().toString();

  @TempDir Path folder;

  private Packaged with(String... variables) {
    Map<String, String> environment = new HashMap<>();
    environment.put("MEZZOTINT_HTTP_PORT", "0");
    environment.put("MEZZOTINT_DATA", folder.resolve("data").toString());
    for (int i = 0; i < variables.length; i += 2) {
      environment.put(variables[i], variables[i + 1]);
    }
    return new Packaged(folder, environment);
  }

  private static Answer generate(Packaged mezzotint) throws IOException, InterruptedException {
    return mezzotint.run("generate", "--model", TINY, "--count", "2", "--steps", "1", "--out", "o");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Duser.language=ar -Duser.country=EG",
        "-Duser.language=ar -Duser.country=EG -Duser.extensions=u-nu-arab",
        "-Duser.language=fa -Duser.country=IR",
        "-Duser.language=th -Duser.country=TH -Duser.extensions=u-nu-thai",
        "-Duser.language=tr -Duser.country=TR"
      })
  void generate_worksInAnyLocale(String options) throws Exception {
    Answer answer = generate(with("JDK_JAVA_OPTIONS", options));
    assertThat(answer.code()).as(answer.err()).isZero();
    assertThat(folder.resolve("o/00001.png")).exists();
    assertThat(answer.out()).contains("2 images in o");
  }

  private static Path example() throws IOException {
    try (var files = Files.walk(Path.of("docs/examples"))) {
      return files.filter(file -> file.toString().endsWith(".png")).findFirst().orElseThrow();
    }
  }

  @Test
  void namesBeyondAscii_underThePosixLocale_sayWhatToSet() throws Exception {
    Files.createDirectories(folder.resolve("set/Straße"));
    Files.copy(example(), folder.resolve("set/Straße/1.png"));
    Packaged posix = with("LC_ALL", "C");

    Answer answer = posix.run("datasets", "check", "set");
    assertThat(answer.code()).as(answer.err()).isEqualTo(2);
    assertThat(answer.err()).hasLineCount(1).contains("LC_ALL=C.UTF-8").doesNotContain("Exception");

    Answer named = posix.run("datasets", "check", "set/Straße");
    assertThat(named.code()).isEqualTo(2);
    assertThat(named.err()).hasLineCount(1).contains("LC_ALL=C.UTF-8");

    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(folder.resolve("set.zip")))) {
      for (String name : new String[] {"Straße/1.png", "Straße/2.png"}) {
        zip.putNextEntry(new ZipEntry(name));
        Files.copy(example(), zip);
        zip.closeEntry();
      }
    }
    Answer zipped = posix.run("datasets", "check", "set.zip");
    assertThat(zipped.code()).as(zipped.err()).isZero();
    assertThat(with("LC_ALL", "C.UTF-8").run("datasets", "check", "set/Straße").err()).isEmpty();
  }

  @Test
  void embeddedStore_underThePosixLocale_takesKeysBeyondAscii() throws Exception {
    Running worker = with("LC_ALL", "C").start("worker");
    Path data = folder.resolve("data");
    try {
      long end = System.nanoTime() + 120_000_000_000L;
      while (StackAddresses.find(data).isEmpty()) {
        assertThat(worker.process().isAlive() && System.nanoTime() < end)
            .as(worker.said())
            .isTrue();
        Thread.sleep(200);
      }
      StackAddresses at = StackAddresses.find(data).orElseThrow();
      S3Settings settings =
          S3Settings.of(
              at.s3Endpoint(), at.accessKey(), at.secretKey(), WorkerConfig.BUCKET_DEFAULT);
      try (S3ObjectStore store = new S3ObjectStore(settings)) {
        while (store.problem().isPresent()) {
          assertThat(System.nanoTime()).as(worker.said()).isLessThan(end);
          Thread.sleep(200);
        }
        store.put("inputs/Straße/日本.png", new byte[] {1, 2}, ContentType.PNG);
        assertThat(store.get("inputs/Straße/日本.png").orElseThrow().bytes()).containsExactly(1, 2);
        assertThat(store.list("inputs/")).containsExactly("inputs/Straße/日本.png");
      }
      assertThat(worker.said()).contains("LC_ALL=C.UTF-8");
    } finally {
      worker.process().destroy();
      worker.ends(25);
    }
  }

  @Test
  void dataFolderThatCannotBeUsed_isNamedWithReasonAndVariable() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    Answer answer = with("MEZZOTINT_DATA", file.toString()).run("worker");
    assertThat(answer.code()).isNotZero();
    assertThat(answer.out() + answer.err())
        .contains("MEZZOTINT_DATA", file.toString(), "a file of this name exists already");
  }

  @Test
  void engineCacheThatCannotBeUsed_isNamedWithReasonAndVariable() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    for (String variable : new String[] {"DJL_CACHE_DIR", "ENGINE_CACHE_DIR"}) {
      Answer answer =
          generate(
              with(
                  "MEZZOTINT_ENGINE",
                  "pytorch",
                  "ENGINE_CACHE_DIR",
                  "",
                  variable,
                  file.resolve("cache").toString()));
      assertThat(answer.code()).as(answer.err()).isEqualTo(2);
      assertThat(answer.err().lines().filter(line -> line.startsWith("error: ")))
          .singleElement()
          .asString()
          .contains(variable, file.resolve("cache").toString(), "not a directory", "500 MB");
    }
  }

  /** ONNX Runtime samples without libtorch, which is not even unpacked then. */
  @Test
  void onnxRuntime_needsNeitherCacheNorHome() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    Answer answer =
        generate(
            with(
                "JDK_JAVA_OPTIONS",
                "-Duser.home=?",
                "HOME",
                "",
                "DJL_CACHE_DIR",
                file.resolve("cache").toString()));
    assertThat(answer.code()).as(answer.err()).isZero();
    assertThat(folder.resolve("o/00001.png")).exists();
  }

  @Test
  void processWithoutHome_usesTheVariable_orAsks() throws Exception {
    Path real = Path.of(System.getProperty("user.home"), ".djl.ai");
    assumeThat(real).as("the engine was used before").isDirectory();
    String[] homeless = {
      "JDK_JAVA_OPTIONS", "-Duser.home=?", "DJL_CACHE_DIR", "", "MEZZOTINT_ENGINE", "pytorch"
    };

    Answer refused = generate(with(concat(homeless, "ENGINE_CACHE_DIR", "", "HOME", "")));
    assertThat(refused.code()).as(refused.err()).isEqualTo(2);
    assertThat(refused.err()).contains("DJL_CACHE_DIR must be a folder");

    Path home = Files.createDirectories(folder.resolve("home"));
    Files.createSymbolicLink(home.resolve(".djl.ai"), real);
    Answer found =
        generate(with(concat(homeless, "ENGINE_CACHE_DIR", "", "HOME", home.toString())));
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(folder.resolve("?")).doesNotExist();
  }

  private static String[] concat(String[] first, String... more) {
    return java.util.stream.Stream.of(first, more)
        .flatMap(java.util.Arrays::stream)
        .toArray(String[]::new);
  }
}
