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
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The package with a broker and a store that take encrypted connections of known users only. */
class SecuredIT {
  private static final int EXIT_SECONDS = 25;
  private static final int OUTAGE_SECONDS = Integer.getInteger("mezzotint.test.outage.seconds", 15);
  private static final int LINES_MAX = 60;

  /** A start takes a minute on a machine that has much else to do. */
  private static final int AWAIT_SECONDS = 300;

  private static final int JOBS = 20;

  /** Enough to process some jobs. */
  private static final int VALID_SECONDS = 60;

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
          .isLessThan(AWAIT_SECONDS);
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

  /** The connections that exist remain; the first new one is refused. */
  @ParameterizedTest
  @ValueSource(strings = {"broker", "store"})
  void certificateThatExpires_isNamed_andItsSuccessorIsAccepted(String server) throws Exception {
    Map<String, String> environment = environment(SecuredStack.PASSWORD);
    environment.put("MEZZOTINT_LANES", "14");
    Running worker = new Packaged(folder, environment).start("worker");
    try {
      await(worker, environment, SecuredIT::up);
      Path keys = stack.certificate(server + "-short", Duration.ofSeconds(VALID_SECONDS));
      Instant expiry = Instant.now().plusSeconds(VALID_SECONDS);
      restart(server, keys);
      List<String> ids = send(server + "-valid");
      awaitEnds(ids, worker);
      await(worker, environment, SecuredIT::up);
      int before = (int) worker.said().lines().count();

      while (!Instant.now().isAfter(expiry)) {
        Thread.sleep(100);
      }
      ids.addAll(send(server + "-expires"));
      restart(server, keys);
      ids.addAll(send(server + "-expired"));
      String address =
          server.equals("broker") ? stack.securedBroker() : stack.securedStore().substring(8);
      await(worker, environment, health -> health.contains("has expired (NotAfter"));
      long end = System.nanoTime() + OUTAGE_SECONDS * 1_000_000_000L;
      while (System.nanoTime() < end) {
        assertThat(health(environment)).contains("DOWN", address, "has expired (NotAfter");
        Thread.sleep(200);
      }
      List<String> lines = worker.said().lines().skip(before).toList();
      System.out.printf("%s: %d lines in %d s%n", server, lines.size(), OUTAGE_SECONDS);
      assertThat(lines.size()).as(String.join("\n", lines)).isBetween(1, LINES_MAX);
      assertThat(lines.stream().filter(line -> line.contains("Not ready")).toList())
          .filteredOn(line -> line.contains("has expired (NotAfter"))
          .singleElement()
          .asString()
          .contains(address, "certificate");

      restart(server, stack.certificate(server + "-long", Duration.ofDays(1)));
      await(worker, environment, SecuredIT::up);
      awaitEnds(ids, worker);
      try (Tail events = site.tail(site.topics().events())) {
        assertThat(
                events.now(letter -> letter.text("type").equals("completed")).stream()
                    .map(letter -> letter.text("jobId"))
                    .filter(id -> id.startsWith(server))
                    .distinct())
            .containsExactlyInAnyOrderElementsOf(ids);
        assertThat(events.now(letter -> letter.text("type").equals("failed"))).isEmpty();
      }
    } finally {
      restart(server, stack.certificate("keys", Duration.ofDays(1)));
      end(worker);
    }
  }

  private static boolean up(String health) {
    return health.contains("\"status\": \"UP\"") && !health.contains("DOWN");
  }

  private static void restart(String server, Path keys) throws Exception {
    if (server.equals("broker")) {
      stack.restartBroker(keys);
    } else {
      stack.restartStore(keys);
    }
  }

  private static List<String> send(String name) {
    List<String> ids =
        IntStream.range(0, JOBS).mapToObj(i -> name + "-" + i).collect(Collectors.toList());
    ids.forEach(
        id -> site.send("{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"steps\":2}".formatted(id)));
    return ids;
  }

  private static void awaitEnds(List<String> ids, Running worker) throws Exception {
    try (Tail events = site.tail(site.topics().events())) {
      for (String id : ids) {
        assertThat(worker.process().isAlive()).as(worker.said()).isTrue();
        events.await("end of " + id, letter -> letter.is("completed", id));
      }
    }
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
