package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.WorkerRole;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.RequestQueue;
import dev.mezzotint.network.Precision;
import dev.mezzotint.storage.InputRule;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerConfigTest {
  private static final Map<String, String> STORE =
      Map.of(
          "s3.endpoint", "http://store.example:9000",
          "s3.access-key", "key",
          "s3.secret-key", "secret");

  private static WorkerConfig read(String... pairs) {
    Map<String, String> configuration = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      configuration.put(pairs[i], pairs[i + 1]);
    }
    return Site.settings(configuration);
  }

  private static WorkerConfig readEnvironment(Map<String, String> variables) {
    return WorkerConfig.read(
        new SmallRyeConfigBuilder().withSources(new EnvConfigSource(variables, 300)).build());
  }

  @Test
  void defaults_withoutConfiguration_dependOnTheDevice() {
    WorkerConfig cpu = read();
    WorkerConfig gpu = read("mezzotint.device", "cuda:1");

    assertThat(List.of(cpu.passRows(), cpu.slots(), cpu.lanes())).containsExactly(16, 32, 16);
    assertThat(List.of(gpu.passRows(), gpu.slots(), gpu.lanes())).containsExactly(64, 128, 32);
    assertThat(read("mezzotint.pass-rows", "2").lanes()).isEqualTo(8);
    assertThat(cpu.data()).isEqualTo(Path.of("mezzotint-data"));
    assertThat(cpu.models()).hasFileName("models");
    assertThat(cpu.worker()).contains("-" + ProcessHandle.current().pid());
    assertThat(cpu.roles()).containsExactlyInAnyOrder(WorkerRole.values());
    assertThat(cpu.precision()).isEmpty();
    assertThat(cpu.inputs()).isEmpty();
    assertThat(cpu.store().endpoint()).isEmpty();
    assertThat(cpu.bootstrapServers()).isEmpty();
    assertThat(cpu.conditionalWrites()).isEqualTo(WorkerConfig.ConditionalWrites.REQUIRED);
  }

  @Test
  void values_areConvertedToTheirUnits() {
    WorkerConfig config =
        read(
            "mezzotint.precision", "bf16",
            "mezzotint.queue", "consumer-group",
            "mezzotint.roles", "control, training",
            "mezzotint.model-cache-megabytes", "7",
            "mezzotint.training-segment-seconds", " 30 ",
            "mezzotint.generation-job-seconds", "0.25",
            "mezzotint.inputs", "inputs/ , tenants/{tenant}/",
            "mezzotint.topics.prefix", "own",
            "mezzotint.lanes", "");

    assertThat(config.precision()).contains(Precision.BF16);
    assertThat(config.queue()).isEqualTo(RequestQueue.Kind.CONSUMER_GROUP);
    assertThat(config.roles()).containsExactlyInAnyOrder(WorkerRole.CONTROL, WorkerRole.TRAINING);
    assertThat(config.modelCacheBytes()).isEqualTo(7_000_000);
    assertThat(config.training().segment()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.scaler().generationSeconds()).isEqualTo(0.25);
    assertThat(config.inputs()).contains(new InputRule(List.of("inputs/", "tenants/{tenant}/")));
    assertThat(config.topicPrefix()).isEqualTo("own");
    assertThat(config.lanes()).as("an empty value is as none").isEqualTo(16);
  }

  @Test
  void seconds_ofZero_meanTheDefault() {
    assertThat(read("mezzotint.drain-seconds", "0").drain()).isEqualTo(Duration.ofSeconds(20));
    assertThat(read("mezzotint.lock-seconds", "0").lock()).isEmpty();
    assertThat(read("mezzotint.lock-seconds", "3").lock()).contains(Duration.ofSeconds(3));
  }

  @Test
  void environment_isReadByTheNamesOfTheTable() {
    WorkerConfig config =
        readEnvironment(
            Map.of(
                "MEZZOTINT_PASS_ROWS", "5",
                "MEZZOTINT_TOPICS_PREFIX", "own",
                "S3_ENDPOINT", "http://store.example:9000",
                "S3_ACCESS_KEY", "key",
                "S3_SECRET_KEY", "secret"));

    assertThat(config.passRows()).isEqualTo(5);
    assertThat(config.topicPrefix()).isEqualTo("own");
    assertThat(config.store().secretKey()).contains("secret");
  }

  static Stream<ConfigReader.Declaration> checkedSettings() {
    return ConfigReader.declarations().stream().filter(one -> !one.expectation().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("checkedSettings")
  void invalidValue_isRefusedWithItsVariableAndWhatWouldBeRight(ConfigReader.Declaration setting) {
    assertRefused(setting, "x!");
    if (setting.setting().max() > 0) {
      assertRefused(setting, Double.toString(setting.setting().max() + 1));
      assertRefused(setting, "-1");
      if (setting.type() != double.class) {
        assertRefused(setting, Long.toString((long) setting.setting().max() + 1));
        assertRefused(setting, "1.5");
      }
    }
    for (String word : setting.words()) {
      assertThat(read(setting.property(), word)).isNotNull();
    }
    if (!setting.words().isEmpty()) {
      assertRefused(setting, setting.words().get(0) + "-");
    }
  }

  private static void assertRefused(ConfigReader.Declaration setting, String value) {
    assertThatThrownBy(() -> read(setting.property(), value))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(
            setting.variable() + " must be " + setting.expectation() + ", not " + value);
  }

  @Test
  void invalidValue_messageReadsAsASentence() {
    assertThatThrownBy(() -> read("mezzotint.lanes", "x"))
        .hasMessage("MEZZOTINT_LANES must be an integer from 1 to 200, not x");
    assertThatThrownBy(() -> read("mezzotint.training-job-seconds", "0"))
        .hasMessage(
            "MEZZOTINT_TRAINING_JOB_SECONDS must be a number of seconds from 0.001 to 2592000,"
                + " not 0");
    assertThatThrownBy(() -> read("mezzotint.roles", "control,sweeping"))
        .hasMessage(
            "MEZZOTINT_ROLES must be some of generation, training, control with commas between"
                + " them, not control,sweeping");
    assertThatThrownBy(() -> read("mezzotint.queue", "queue"))
        .hasMessage("MEZZOTINT_QUEUE must be one of share-group, consumer-group, not queue");
    assertThatThrownBy(() -> read("mezzotint.inputs", "inputs"))
        .hasMessageStartingWith("MEZZOTINT_INPUTS: an allowed prefix is a key that ends in /");
  }

  @ParameterizedTest
  @CsvSource({"needed, required", "unneeded, optional"})
  void conditionalWrites_oldWord_isRefusedWithTheNewOne(String old, String word) {
    assertThatThrownBy(() -> read("mezzotint.conditional-writes", old))
        .hasMessage(
            "MEZZOTINT_CONDITIONAL_WRITES must be one of required, optional, not %s; write %s"
                .formatted(old, word));
  }

  @ParameterizedTest
  @CsvSource({
    "MEZZOTINT_LANE, MEZZOTINT_LANES",
    "MEZZOTINT_PASSROWS, MEZZOTINT_PASS_ROWS",
    "MEZZOTINT_TRAINING_SEGMENT, MEZZOTINT_TRAINING_SEGMENT_SECONDS",
    "MEZZOTINT_S3_BUCKET, S3_BUCKET",
    "S3_ENDPONT, S3_ENDPOINT"
  })
  void misspeltVariable_isRefusedWithTheNearestName(String name, String meant) {
    assertThatThrownBy(() -> readEnvironment(Map.of(name, "8")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(name + " is not a setting: did you mean " + meant + "?");
  }

  @ParameterizedTest
  @CsvSource({
    "mezzotint.lane, mezzotint.lanes",
    "mezzotint.pass.rows, mezzotint.pass-rows",
    "mezzotint.topics-prefix, mezzotint.topics.prefix",
    "s3.buckets, s3.bucket"
  })
  void misspeltProperty_isRefusedWithTheNearestName(String name, String meant) {
    assertThatThrownBy(() -> read(name, "8"))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(name + " is not a setting: did you mean " + meant + "?");
  }

  @Test
  void unknownName_withoutASimilarOne_isRefused() {
    assertThatThrownBy(() -> read("mezzotint.something-entirely-different", "8"))
        .hasMessage(
            "mezzotint.something-entirely-different is not a setting: docs/operations.md lists all"
                + " of them");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "S3_USE_HTTPS",
        "MEZZOTINT_CONTROL_SERVICE_HOST",
        "MEZZOTINT_CONTROL_SERVICE_PORT_HTTP",
        "MEZZOTINT_CONTROL_PORT_8080_TCP_ADDR",
        "KAFKA_SASL_MECHANISM",
        "PATH"
      })
  void variableOfSomethingElse_isNotRefused(String name) {
    assertThat(readEnvironment(Map.of(name, "8"))).isNotNull();
    assertThat(readEnvironment(Map.of("MEZZOTINT_CONTROL_PORT", "tcp://10.0.0.1:80"))).isNotNull();
  }

  @Test
  void kafkaProperties_areThoseBehindThePrefix() {
    assertThat(
            read("kafka.bootstrap.servers", "broker:9092", "kafka.sasl.mechanism", "PLAIN").kafka())
        .containsEntry("sasl.mechanism", "PLAIN")
        .doesNotContainKey("bootstrap.servers");
  }

  @Test
  void toString_holdsNoSecret() {
    Map<String, String> all = new HashMap<>(STORE);
    all.put("kafka.sasl.jaas.config", "secret");
    WorkerConfig config = Site.settings(all);

    assertThat(config.toString() + config.store()).doesNotContain("secret");
  }
}
