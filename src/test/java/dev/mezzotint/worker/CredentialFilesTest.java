package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.s3.S3ObjectStore;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials that stand in files, as a mounted Secret has them. */
class CredentialFilesTest {
  @TempDir Path folder;

  private final StackAddresses stack = SharedStack.get();

  private Map<String, String> configuration() throws IOException {
    Files.writeString(folder.resolve("access"), stack.accessKey() + "\n");
    Files.writeString(folder.resolve("secret"), stack.secretKey() + "\n");
    Map<String, String> configuration = new HashMap<>();
    configuration.put("kafka.bootstrap.servers", stack.bootstrapServers());
    configuration.put("s3.endpoint", stack.s3Endpoint());
    configuration.put("s3.bucket", "files-" + ProcessHandle.current().pid());
    configuration.put("s3.access-key-file", folder.resolve("access").toString());
    configuration.put("s3.secret-key-file", folder.resolve("secret").toString());
    return configuration;
  }

  private static S3ObjectStore store(Map<String, String> configuration) throws IOException {
    return new S3ObjectStore(Endpoints.open(Site.settings(configuration)).s3());
  }

  @Test
  void theStoreIsReachedAgainOnceTheFilesAreRight() throws Exception {
    Map<String, String> configuration = configuration();
    Files.writeString(folder.resolve("secret"), "not the secret");
    try (S3ObjectStore store = store(configuration)) {
      assertThatThrownBy(store::ensureBucket).isInstanceOf(StorageException.class);

      Files.writeString(folder.resolve("secret"), stack.secretKey() + "\n");
      long end = System.nanoTime() + 30_000_000_000L;
      while (!reached(store)) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(250);
      }
    }
  }

  private static boolean reached(S3ObjectStore store) {
    try {
      store.ensureBucket();
      return true;
    } catch (StorageException e) {
      return false;
    }
  }

  @Test
  void aFileThatIsNotThereOrOneWithoutTheOtherIsRefusedByName() throws IOException {
    Map<String, String> configuration = configuration();
    Files.delete(folder.resolve("secret"));
    assertThatThrownBy(() -> store(configuration))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("S3_SECRET_KEY_FILE");
    configuration.remove("s3.secret-key-file");
    assertThatThrownBy(() -> Site.settings(configuration))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("given together");
    configuration.remove("s3.access-key-file");
    assertThatThrownBy(() -> Site.settings(configuration))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("S3_ACCESS_KEY_FILE");
  }

  @Test
  void theLoginOfTheBrokerIsReadFromAFileAndNeverShown() throws IOException {
    Path file = folder.resolve("jaas");
    Files.writeString(file, "PlainLoginModule required password=\"hush\";\n");
    Map<String, String> configuration = configuration();
    configuration.put("kafka.sasl.jaas.config.file", file.toString());
    WorkerConfig settings = Site.settings(configuration);

    assertThat(settings.kafka())
        .containsEntry("sasl.jaas.config", "PlainLoginModule required password=\"hush\";")
        .doesNotContainKey("sasl.jaas.config.file");
    assertThat(List.of(Endpoints.open(settings).kafka().toString()))
        .noneMatch(text -> text.contains("hush"));
    configuration.put("kafka.sasl.jaas.config.file", "nowhere");
    assertThatThrownBy(() -> Site.settings(configuration))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("KAFKA_SASL_JAAS_CONFIG_FILE nowhere");
  }
}
