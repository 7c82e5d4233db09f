package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mezzotint.repository.Dockerfile.Stage;
import dev.mezzotint.worker.HealthProbe;
import dev.mezzotint.worker.Site;
import dev.mezzotint.worker.WorkerConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.raft.QuorumConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks Dockerfile and compose files without a Docker engine. */
class DockerImageTest {
  private static final Path COMPOSE = Path.of("docker/compose.yaml");
  private static final Path CUDA = Path.of("docker/compose.cuda.yaml");

  /** The service keys of the Compose specification that these files use. */
  private static final Set<String> SERVICE_KEYS =
      Set.of(
          "build",
          "cap_drop",
          "command",
          "depends_on",
          "deploy",
          "environment",
          "healthcheck",
          "image",
          "ports",
          "read_only",
          "security_opt",
          "stop_grace_period",
          "tmpfs",
          "volumes");

  @Test
  void stages_havePinnedBasesAndAnUnprivilegedUser() throws IOException {
    List<String> names = Dockerfile.stages().stream().map(Stage::name).toList();

    for (Stage stage : Dockerfile.stages()) {
      if (!names.contains(stage.from())) {
        assertThat(stage.from()).matches("[a-z/-]+:\\d+\\.[A-Za-z0-9._-]*\\d[^:]*(@sha256:.{64})?");
      }
    }
    assertThat(names).contains("cpu", "cuda");
    Stage cpu = Dockerfile.stage("cpu");
    assertThat(cpu.last("USER")).isEqualTo("10001:0");
    assertThat(Dockerfile.stage("cuda").from()).isEqualTo("cpu");
    assertThat(Dockerfile.stage("cuda").all("USER")).isEmpty();
    assertThat(cpu.last("ENTRYPOINT")).startsWith("[");
    assertThat(cpu.last("CMD")).isEqualTo("[\"worker\"]");
    assertThat(cpu.last("HEALTHCHECK")).contains("CMD [").contains(HealthProbe.class.getName());
    assertThat(cpu.variables("LABEL"))
        .containsKeys(
            "org.opencontainers.image.title",
            "org.opencontainers.image.licenses",
            "org.opencontainers.image.version",
            "org.opencontainers.image.revision");
  }

  @Test
  void everyVariableOfTheImage_isRead() throws IOException {
    for (String stage : List.of("cpu", "cuda")) {
      Map<String, String> variables = Dockerfile.stage(stage).variables("ENV");

      assertThat(variables).isNotEmpty();
      assertThat(KnownKeys.unknown(variables.keySet())).isEmpty();
    }
    assertThat(Dockerfile.stage("cpu").variables("ENV")).doesNotContainKey("OMP_WAIT_POLICY");
    assertThat(Dockerfile.stage("cuda").variables("ENV"))
        .containsEntry("PYTORCH_FLAVOR", "cu128")
        .containsEntry("MEZZOTINT_DEVICE", "cuda");
  }

  @Test
  void libtorchVersion_isTheSameInPomDockerfileAndDocs() throws IOException {
    Matcher property =
        Pattern.compile("<libtorch\\.version>([0-9.]+)</libtorch\\.version>")
            .matcher(Files.readString(Path.of("pom.xml")));
    assertThat(property.find()).isTrue();
    String version = property.group(1);

    assertThat(Dockerfile.stage("libtorch-cuda").from())
        .startsWith("pytorch/pytorch:" + version + "-cuda12.8-");
    assertThat(Dockerfile.stage("cuda").variables("ENV")).containsEntry("PYTORCH_VERSION", version);
    for (Path page : List.of(Dockerfile.FILE, Path.of("docs/dependencies.md"))) {
      Matcher named =
          Pattern.compile("libtorch (\\d+\\.\\d+\\.\\d+)").matcher(Files.readString(page));
      assertThat(named.results().map(found -> found.group(1)))
          .as(page.toString())
          .isNotEmpty()
          .containsOnly(version);
    }
  }

  @Test
  void unknown_findsVariablesThatNothingReads() throws IOException {
    assertThat(KnownKeys.unknown(Set.of("MEZZOTINT_LANES", "KAFKA_SASL_JAAS_CONFIG", "S3_BUCKET")))
        .isEmpty();
    assertThat(KnownKeys.unknown(Set.of("MEZZOTINT_LANE", "KAFKA_SASL_JAAS", "S3_BUCKETS")))
        .hasSize(3);
  }

  @Test
  void everySetting_isDocumented() throws IOException {
    String page = Files.readString(Path.of("docs/operations.md"));

    for (String variable : KnownKeys.variables()) {
      assertThat(page).as(variable).contains("`" + variable + "`");
    }
  }

  @Test
  void composeFiles_haveKnownKeysAndPinnedImages() {
    for (Path file : List.of(COMPOSE, CUDA)) {
      JsonNode all = Yaml.document(file);
      assertThat(Yaml.texts(all).keySet()).isSubsetOf("name", "services", "volumes");
      all.get("services")
          .properties()
          .forEach(
              service -> {
                Map<String, String> keys = Yaml.texts(service.getValue());
                assertThat(keys.keySet()).as(service.getKey()).isSubsetOf(SERVICE_KEYS);
                if (!keys.containsKey("build")) {
                  assertThat(keys.get("image"))
                      .matches("[a-z/-]+:(v?\\d+\\.\\d+\\.\\d+|RELEASE\\..*)");
                }
              });
    }
  }

  @Test
  void composeSettings_areRead() throws IOException {
    JsonNode services = Yaml.document(COMPOSE).get("services");
    Map<String, String> worker = Yaml.texts(services.get("worker").get("environment"));

    assertThat(KnownKeys.unknown(worker.keySet())).isEmpty();
    WorkerConfig settings = settings(worker);
    assertThat(settings.bootstrapServers()).contains("kafka:19092");
    assertThat(settings.store().endpoint()).contains(URI.create("http://store:9000"));
    assertThat(
            KnownKeys.unknown(
                Yaml.texts(Yaml.document(CUDA).get("services").get("worker").get("environment"))
                    .keySet()))
        .isEmpty();
    Map<String, String> broker = Yaml.texts(services.get("kafka").get("environment"));
    for (String name : broker.keySet()) {
      String property =
          name.substring("KAFKA_".length()).toLowerCase(Locale.ROOT).replace('_', '.');
      assertThat(
              scala.jdk.javaapi.CollectionConverters.asJava(kafka.server.KafkaConfig.configNames())
                      .contains(property)
                  || QuorumConfig.CONFIG_DEF.names().contains(property))
          .as(name)
          .isTrue();
    }
  }

  /** The configuration that the application reads from these variables. */
  static WorkerConfig settings(Map<String, String> variables) throws IOException {
    Map<String, String> byKey = new LinkedHashMap<>();
    for (String key : KnownKeys.keys()) {
      String value = variables.get(KnownKeys.variable(key));
      if (value != null) {
        byKey.put(key, value);
      }
    }
    return Site.settings(byKey);
  }

  @Test
  void composeMounts_exist() throws IOException {
    JsonNode compose = Yaml.document(COMPOSE);
    Set<String> volumes = Yaml.texts(compose.get("volumes")).keySet();
    for (JsonNode service : compose.get("services")) {
      for (JsonNode mount : service.path("volumes")) {
        String source = mount.asText().split(":", -1)[0];
        if (source.startsWith(".")) {
          assertThat(COMPOSE.resolveSibling(source)).as(source).isRegularFile();
        } else {
          assertThat(volumes).contains(source);
        }
      }
    }
    try (Stream<Path> files = Files.list(Path.of("docker/monitoring"))) {
      assertThat(files.map(Yaml::document).toList()).hasSize(3);
    }
  }

  @Test
  void composePorts_areBoundToLoopback() {
    for (JsonNode service : Yaml.document(COMPOSE).get("services")) {
      for (JsonNode port : service.path("ports")) {
        assertThat(port.asText()).startsWith("127.0.0.1:");
      }
    }
  }

  /** Podman and Buildah build every stage before the target, and that of CUDA has 7 GB. */
  @Test
  void cpuImage_isTheFirstStage() throws IOException {
    assertThat(Dockerfile.stages().get(0).name()).isEqualTo("cpu");
  }

  @Test
  void scripts_areValid_andRejectWrongArguments() throws Exception {
    ExternalProgram bash = bash();
    for (String script : List.of("docker/build.sh", "docker/cuda-stub.sh", "k8s/end-to-end.sh")) {
      assertThat(Files.isExecutable(Path.of(script))).as(script).isTrue();
      ExternalProgram.Run parsed = bash.run(Path.of("."), "-n", script);
      assertThat(parsed.code()).as(parsed.output()).isZero();
    }
    ExternalProgram.Run target = bash.run(Path.of("."), "docker/build.sh", "gpu");
    assertThat(target.code()).isEqualTo(2);
    assertThat(target.output()).contains("the target must be cpu or cuda, not gpu");
    ExternalProgram.Run folder = bash.run(Path.of("."), "docker/cuda-stub.sh", "none", "none");
    assertThat(folder.code()).isEqualTo(2);
    assertThat(folder.output()).contains("none is not a folder");
  }

  /** With small libraries that call the driver as libtorch's do. */
  @Test
  void cudaStub_hasTheFunctionsOfTheDriver_andMissingLibrariesAreNamed(@TempDir Path folder)
      throws Exception {
    ExternalProgram bash = bash();
    assumeTrue(
        ExternalProgram.find("gcc").isPresent() && ExternalProgram.find("nm").isPresent(),
        "gcc and nm are not installed: the stub of the driver was not built");
    Files.createDirectory(folder.resolve("lib"));
    String build =
        "echo 'extern int cuInit(unsigned); int cudaRun(void) { return cuInit(0); }' > a.c"
            + " && echo 'extern int cudaRun(void); int cuOwn(void) { return cudaRun(); }' > b.c"
            + " && gcc -shared -fPIC -o lib/liba.so a.c"
            + " && gcc -shared -fPIC -o lib/libb.so b.c -Llib -la";
    ExternalProgram.Run built = bash.run(folder, "-c", build);
    assertThat(built.code()).as(built.output()).isZero();
    String script = Path.of("docker/cuda-stub.sh").toAbsolutePath().toString();

    ExternalProgram.Run complete = bash.run(folder, script, "lib", "out");
    assertThat(complete.code()).as(complete.output()).isZero();
    assertThat(complete.output()).contains("has 1 functions", "all 2 libraries");
    assertThat(bash.run(folder, "-c", "nm -D --defined-only out/libcuda.so.1").output())
        .contains("cuInit")
        .doesNotContain("cuOwn", "cudaRun");

    Files.move(folder.resolve("lib/liba.so"), folder.resolve("lib/liba2.so"));
    ExternalProgram.Run incomplete = bash.run(folder, script, "lib", "out");
    assertThat(incomplete.code()).isEqualTo(1);
    assertThat(incomplete.output()).contains("libb.so requires liba.so");

    Files.delete(folder.resolve("lib/liba2.so"));
    ExternalProgram.Run cpu = bash.run(folder, script, "lib", "out");
    assertThat(cpu.code()).isEqualTo(1);
    assertThat(cpu.output()).contains("is this libtorch for CUDA?");
  }

  private static ExternalProgram bash() {
    return ExternalProgram.find("bash").orElseThrow();
  }

  @Test
  void healthProbe_withoutServer_isFalse() {
    assertThat(HealthProbe.live("1")).isFalse();
    assertThat(HealthProbe.live("no number")).isFalse();
  }
}
