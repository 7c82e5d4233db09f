package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.local.SecuredStack;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Packaged.Answer;
import dev.mezzotint.worker.Packaged.Running;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The package with a broker and a store that take encrypted connections of known users only. */
class SecuredIT {
  private static final int EXIT_SECONDS = 25;

  @TempDir static Path folder;

  private static SecuredStack stack;
  private static Site site;

  @BeforeAll
  static void open() throws Exception {
    stack = new SecuredStack(folder);
    site = new Site(folder, stack.open());
  }

  @AfterAll
  static void close() throws Exception {
    site.close();
    stack.close();
  }

  /** As docs/operations.md says, with the login in a file. */
  private static Map<String, String> environment(String password) throws IOException {
    Path login = Files.createTempFile(folder, "login", ".conf");
    Files.writeString(
        login,
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";"
            .formatted(SecuredStack.USER, password));
    Map<String, String> environment = new HashMap<>(site.environment());
    environment.put("KAFKA_BOOTSTRAP_SERVERS", stack.securedBroker());
    environment.put("KAFKA_SECURITY_PROTOCOL", "SASL_SSL");
    environment.put("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512");
    environment.put("KAFKA_SASL_JAAS_CONFIG_FILE", login.toString());
    environment.put("KAFKA_SSL_TRUSTSTORE_TYPE", "PEM");
    environment.put("KAFKA_SSL_TRUSTSTORE_LOCATION", stack.certificate().toString());
    environment.put("S3_ENDPOINT", stack.securedStore());
    environment.put("SSL_CERT_FILE", stack.certificate().toString());
    try (ServerSocket socket = new ServerSocket(0)) {
      environment.put("MEZZOTINT_HTTP_PORT", Integer.toString(socket.getLocalPort()));
    }
    return environment;
  }

  private static String health(Map<String, String> environment) {
    try {
      URI ready =
          URI.create(
              "http://127.0.0.1:" + environment.get("MEZZOTINT_HTTP_PORT") + "/q/health/ready");
      HttpURLConnection asked = (HttpURLConnection) ready.toURL().openConnection();
      asked.setReadTimeout(2_000);
      boolean up = asked.getResponseCode() == 200;
      return new String(
          (up ? asked.getInputStream() : asked.getErrorStream()).readAllBytes(),
          StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  private static void await(
      Running worker, Map<String, String> environment, Predicate<String> health) throws Exception {
    long begun = System.nanoTime();
    while (!health.test(health(environment))) {
      assertThat((System.nanoTime() - begun) / 1e9)
          .as(health(environment) + worker.said())
          .isLessThan(90);
      Thread.sleep(50);
    }
  }

  private static void end(Running worker) throws Exception {
    worker.process().destroy();
    assertThat(worker.ends(EXIT_SECONDS)).as(worker.said()).isTrue();
  }

  @Test
  void requestsAndImages_goThroughEncryptedAuthenticatedConnections() throws Exception {
    Map<String, String> environment = environment(SecuredStack.PASSWORD);
    Path request =
        Files.writeString(
            folder.resolve("request.json"),
            "{\"id\":\"safe\",\"model\":\"iadb_defaults\",\"count\":2,\"steps\":3}");
    Packaged packaged = new Packaged(folder, environment);
    Running worker = packaged.start("worker");
    try {
      await(worker, environment, health -> health.contains("\"status\": \"UP\""));
      Answer answer = packaged.run("submit", request.toString(), "--watch", "--json");
      assertThat(answer.code()).as(answer.err()).isZero();
      assertThat(answer.out()).contains("\"completed\"");
      assertThat(site.object(Keys.manifest("safe"))).isNotEmpty();
    } finally {
      end(worker);
    }
    assertThat(worker.said()).doesNotContain(SecuredStack.PASSWORD);
  }

  @Test
  void aWrongPasswordOfTheBrokerIsNamed() throws Exception {
    Map<String, String> environment = environment("guessed");
    Running worker = new Packaged(folder, environment).start("worker");
    try {
      await(worker, environment, health -> health.contains(stack.securedBroker()));
      assertThat(health(environment)).contains("DOWN", "uthentication").doesNotContain("guessed");
      assertThat(worker.said()).contains("uthentication").doesNotContain("guessed");
    } finally {
      end(worker);
    }
  }

  @Test
  void untrustedCertificateOfTheBroker_isNamed() throws Exception {
    Map<String, String> environment = environment(SecuredStack.PASSWORD);
    environment.keySet().removeIf(name -> name.startsWith("KAFKA_SSL_"));
    Running worker = new Packaged(folder, environment).start("worker");
    try {
      await(worker, environment, health -> health.contains(stack.securedBroker()));
      assertThat(health(environment)).contains("DOWN", "KAFKA_SSL_TRUSTSTORE_LOCATION");
    } finally {
      end(worker);
    }
  }

  @Test
  void untrustedCertificateOfTheStore_isNamed() throws Exception {
    Map<String, String> environment = environment(SecuredStack.PASSWORD);
    environment.remove("SSL_CERT_FILE");
    Running worker = new Packaged(folder, environment).start("worker");
    try {
      await(worker, environment, health -> health.contains(stack.securedStore().substring(8)));
      assertThat(health(environment)).contains("DOWN", "SSL_CERT_FILE");
      assertThat(worker.said()).contains("certificate", "SSL_CERT_FILE");
    } finally {
      end(worker);
    }
  }
}
