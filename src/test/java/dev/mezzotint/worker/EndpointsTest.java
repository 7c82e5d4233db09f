package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.kafka.KafkaSettings;
import dev.mezzotint.s3.S3Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointsTest {
  private static final Map<String, String> BROKER =
      Map.of("kafka.bootstrap.servers", "broker.example:9092");
  private static final Map<String, String> STORE =
      Map.of(
          "s3.endpoint", "http://store.example:9000",
          "s3.access-key", "key",
          "s3.secret-key", "secret");

  @TempDir Path folder;

  @Test
  void aBrokerWithoutAStoreIsRefused() {
    WorkerConfig settings = settings(BROKER);

    assertThatThrownBy(() -> Endpoints.open(settings))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("S3_ENDPOINT is missing");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void aStoreWithoutABrokerIsRefused() {
    WorkerConfig settings = settings(STORE);

    assertThatThrownBy(() -> Endpoints.running(settings))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("KAFKA_BOOTSTRAP_SERVERS is missing");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  @Test
  void aStoreWithoutItsKeysIsRefused() {
    for (String key : new String[] {"s3.access-key", "s3.secret-key"}) {
      Map<String, String> partly = new HashMap<>(STORE);
      partly.remove(key);

      assertThatThrownBy(() -> settings(BROKER, partly))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(key.equals("s3.access-key") ? "S3_ACCESS_KEY" : "S3_SECRET_KEY");
    }
  }

  @Test
  void settingsDoNotTellTheirKeys() {
    assertThat(settings(BROKER, STORE).store().toString()).doesNotContain("secret");
    assertThat(settings(BROKER, STORE).toString()).doesNotContain("secret");
  }

  @Test
  void whereBothAreConfiguredNothingIsStarted() throws Exception {
    try (Endpoints endpoints = Endpoints.open(settings(BROKER, STORE))) {
      assertThat(endpoints.embedded()).isEmpty();
      assertThat(endpoints.kafka().bootstrapServers()).isEqualTo("broker.example:9092");
      assertThat(endpoints.s3().endpoint()).isEqualTo("http://store.example:9000");
      assertThat(endpoints.s3().bucket()).isEqualTo("mezzotint");
    }
    assertThat(Files.exists(folder.resolve("data"))).isFalse();
  }

  @Test
  void embeddedAddressesAreNamed_andUnusualPortsExplained() {
    S3Settings store = S3Settings.of("http://127.0.0.1:9000", "key", "secret", "bucket");
    Endpoints usual =
        new Endpoints(KafkaSettings.of("127.0.0.1:9092"), store, Optional.of(() -> {}));
    assertThat(usual.embeddedAddresses())
        .containsExactly("Kafka localhost:9092", "S3 http://localhost:9000");
    assertThat(usual.unusualPorts()).isEmpty();
    Endpoints moved =
        new Endpoints(KafkaSettings.of("127.0.0.1:40123"), store, Optional.of(() -> {}));
    assertThat(moved.unusualPorts())
        .containsExactly("Port 9092 is taken by another process: Kafka is at localhost:40123");
    Endpoints configured =
        new Endpoints(KafkaSettings.of("127.0.0.1:40123"), store, Optional.empty());
    assertThat(configured.embeddedAddresses()).isEmpty();
    assertThat(configured.unusualPorts()).isEmpty();
  }

  @Test
  void withoutAnyNothingRunsUntilAWorkerStartsIt() {
    assertThatThrownBy(() -> Endpoints.running(settings(Map.of())))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith("no worker runs on ");
  }

  @SafeVarargs
  private WorkerConfig settings(Map<String, String>... parts) {
    Map<String, String> all = new HashMap<>();
    all.put("mezzotint.data", folder.resolve("data").toString());
    for (Map<String, String> part : parts) {
      all.putAll(part);
    }
    return Site.settings(all);
  }
}
