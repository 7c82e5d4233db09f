package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Packaged.Running;
import dev.mezzotint.worker.Tail.Letter;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged worker on a broker and a store of others, as a pod runs it. */
class PackagedWorkerIT {
  private static final String SASL_PASSWORD = "sasl-password-of-no-user";
  private static final int EXIT_SECONDS = 25;

  @TempDir Path folder;

  private Site site;
  private String port;

  @BeforeEach
  void open() throws IOException {
    site = new Site(folder);
    try (ServerSocket socket = new ServerSocket(0)) {
      port = Integer.toString(socket.getLocalPort());
    }
  }

  @AfterEach
  void close() {
    site.close();
  }

  private Running start(Map<String, String> more) throws IOException {
    Map<String, String> environment = new HashMap<>(site.environment());
    environment.put("MEZZOTINT_HTTP_PORT", port);
    environment.putAll(more);
    return new Packaged(folder, environment).start("worker");
  }

  private boolean ready() {
    try {
      HttpURLConnection asked =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/q/health/ready").toURL().openConnection();
      asked.setReadTimeout(2_000);
      return asked.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Milliseconds until it was so. */
  private static long await(String what, Running worker, BooleanSupplier reached) throws Exception {
    long begun = System.nanoTime();
    while (!reached.getAsBoolean()) {
      assertThat((System.nanoTime() - begun) / 1e9).as(what + "\n" + worker.said()).isLessThan(90);
      Thread.sleep(5);
    }
    return (System.nanoTime() - begun) / 1_000_000;
  }

  private static String request(String id, int count, int steps) {
    return "{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"count\":%d,\"steps\":%d}"
        .formatted(id, count, steps);
  }

  @Test
  void asJsonEveryLineParsesCarriesItsJobAndHoldsNoSecret() throws Exception {
    Running worker =
        start(
            Map.of(
                "MEZZOTINT_LOG",
                "json",
                "QUARKUS_LOG_LEVEL",
                "DEBUG",
                "QUARKUS_LOG_CATEGORY__ORG_APACHE_KAFKA__LEVEL",
                "DEBUG",
                "KAFKA_SASL_JAAS_CONFIG",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\""
                    + " password=\""
                    + SASL_PASSWORD
                    + "\";"));
    try {
      await("ready", worker, this::ready);
      try (Tail events = site.tail(site.topics().events())) {
        site.send(request("one", 2, 4));
        site.send(request("bad", 1, 0));
        events.await("end", letter -> letter.is("completed", "one"));
        events.await("failure", letter -> letter.is("failed", "bad"));
      }
    } finally {
      worker.process().destroy();
      assertThat(worker.ends(EXIT_SECONDS)).isTrue();
    }
    String said = worker.said();
    assertThat(Files.readString(worker.out())).isEmpty();
    List<JsonObject> lines = new ArrayList<>();
    for (String line : said.lines().toList()) {
      lines.add(JsonObject.parse(line));
    }
    assertThat(lines).hasSizeGreaterThan(20);
    assertThat(lines).anyMatch(line -> line.requiredString("level").equals("DEBUG"));
    for (String job : List.of("one", "bad")) {
      List<JsonObject> own =
          lines.stream()
              .filter(line -> line.requiredString("message").startsWith("Job " + job + " "))
              .toList();
      assertThat(own).hasSize(1);
      JsonObject context = own.get(0).object("mdc").orElseThrow();
      assertThat(context.requiredString("job")).isEqualTo(job);
      assertThat(context.requiredString("role")).isEqualTo("generation");
    }
    assertThat(said).doesNotContain(SASL_PASSWORD);
    assertThat(said).doesNotContain(site.environment().get("S3_SECRET_KEY"));
  }

  @Test
  void sigtermUnderFullLoadLosesNothingAndEndsInTime() throws Exception {
    int jobs = 60;
    Running worker = start(Map.of("MEZZOTINT_LANES", "16"));
    long notReady;
    long exit;
    long signal;
    try {
      await("ready", worker, this::ready);
      for (int i = 0; i < jobs; i++) {
        site.send(request("job-" + i, 4, 150));
      }
      await("jobs in hand", worker, () -> site.store().list("jobs/").size() > 16);
      signal = System.currentTimeMillis();
      worker.process().destroy();
      notReady = await("not ready", worker, () -> !ready());
      assertThat(worker.ends(EXIT_SECONDS)).as(worker.said()).isTrue();
      exit = System.currentTimeMillis() - signal;
    } finally {
      worker.process().destroyForcibly();
    }
    try (Tail events = site.tail(site.topics().events())) {
      List<Letter> before = events.now(letter -> true);
      Set<String> begun = ids(before, "started");
      Set<String> done = ids(before, "completed");
      long late =
          before.stream()
              .filter(letter -> letter.text("type").equals("started"))
              .filter(
                  letter ->
                      java.time.Instant.parse(letter.headers().get("ce_time")).toEpochMilli()
                          > signal + notReady + 500)
              .count();
      assertThat(late).as("jobs begun after it was not ready").isZero();
      assertThat(done.size()).as("the load was more than a drain could finish").isLessThan(jobs);
      for (String id : begun) {
        if (!done.contains(id)) {
          assertThat(record(id)).as("%s was handed back", id).contains("handedBack");
        }
      }
      System.out.printf(
          "SIGTERM with %d in hand of %d: not ready after %d ms, ended after %.1f s, %d finished,"
              + " %d handed back%n",
          begun.size(), jobs, notReady, exit / 1e3, done.size(), begun.size() - done.size());
      Running next = start(Map.of("MEZZOTINT_LANES", "16"));
      try {
        for (int i = 0; i < jobs; i++) {
          String id = "job-" + i;
          events.await("end of " + id, letter -> letter.is("completed", id));
        }
      } finally {
        next.process().destroy();
        assertThat(next.ends(EXIT_SECONDS)).isTrue();
      }
      Map<String, Set<String>> ends = new HashMap<>();
      for (Letter letter : events.now(l -> l.text("type").equals("completed"))) {
        ends.computeIfAbsent(letter.text("jobId"), id -> new HashSet<>()).add(letter.text("id"));
      }
      assertThat(ends).hasSize(jobs);
      assertThat(ends.values()).allMatch(one -> one.size() == 1);
    }
  }

  @Test
  void aBrokerThatIsAwayIsNamedByLogAndHealthAndWaitedFor() throws Exception {
    away("KAFKA_BOOTSTRAP_SERVERS", "");
  }

  @Test
  void aStoreThatIsAwayIsNamedByLogAndHealthAndWaitedFor() throws Exception {
    away("S3_ENDPOINT", "http://");
  }

  private void away(String variable, String scheme) throws Exception {
    URI real = URI.create("http://" + site.environment().get(variable).replace("http://", ""));
    int absent;
    try (ServerSocket socket = new ServerSocket(0)) {
      absent = socket.getLocalPort();
    }
    String address = "127.0.0.1:" + absent;
    Running worker = start(Map.of(variable, scheme + address));
    try {
      await("health says so", worker, () -> health().contains(address));
      assertThat(health()).contains("DOWN");
      assertThat(worker.said()).contains("trying again", address);
      try (Forwarder there = new Forwarder(absent, real.getPort())) {
        await("ready", worker, this::ready);
        assertThat(health()).doesNotContain(address);
      }
    } finally {
      worker.process().destroy();
      assertThat(worker.ends(EXIT_SECONDS)).isTrue();
    }
  }

  private String health() {
    try {
      HttpURLConnection asked =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/q/health/ready").toURL().openConnection();
      asked.setReadTimeout(2_000);
      boolean up = asked.getResponseCode() == 200;
      return new String(
          (up ? asked.getInputStream() : asked.getErrorStream()).readAllBytes(),
          java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  private String record(String id) {
    return new String(site.object(Keys.jobRecord(id)), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static Set<String> ids(List<Letter> letters, String type) {
    Set<String> ids = new HashSet<>();
    letters.stream()
        .filter(letter -> letter.text("type").equals(type))
        .forEach(letter -> ids.add(letter.text("jobId")));
    return ids;
  }
}
