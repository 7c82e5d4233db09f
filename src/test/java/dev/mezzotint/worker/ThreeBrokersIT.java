package dev.mezzotint.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.local.SharedStack;
import dev.mezzotint.local.StackAddresses;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Packaged.Running;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged worker on a cluster of three brokers, one after the other of which is killed and
 * started again while jobs arrive: leaders and coordinators move, and no job is lost or done twice.
 *
 * <p>{@code -Dmezzotint.test.cluster=127.0.0.1} runs it, on that address; {@code [::1]} for IP
 * version 6.
 */
@EnabledIfSystemProperty(named = "mezzotint.test.cluster", matches = ".+")
class ThreeBrokersIT {
  private static final int BROKERS = 3;
  private static final int JOBS = 20;
  private static final int EXIT_SECONDS = 60;

  @TempDir Path folder;

  private final String host = System.getProperty("mezzotint.test.cluster", "");
  private String port = "";

  private String cluster(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("bin/kafka-cluster", words[0]));
    command.add(folder.resolve("cluster").toString());
    command.addAll(List.of(words).subList(1, words.length));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOST", host);
    builder.environment().put("PORT", port);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.strip();
  }

  private static String freePorts() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Integer.toString(Math.min(socket.getLocalPort(), 65_000));
    }
  }

  @Test
  void brokersThatAreKilledInTurn_loseNoJob() throws Exception {
    port = freePorts();
    String servers = cluster("start");
    Running worker = null;
    StackAddresses store = SharedStack.get();
    try (Site site =
        new Site(
            folder,
            new StackAddresses(
                servers,
                store.s3Endpoint(),
                store.accessKey(),
                store.secretKey(),
                ProcessHandle.current().pid()))) {
      site.configure("mezzotint.http-port", "0");
      worker = new Packaged(folder, site.environment()).start("worker");
      List<String> ids = new ArrayList<>();
      send(site, ids, "before");
      awaitEnds(site, ids, worker);
      for (int broker = 1; broker <= BROKERS; broker++) {
        send(site, ids, "alive-" + broker);
        cluster("kill", Integer.toString(broker));
        send(site, ids, "killed-" + broker);
        awaitEnds(site, ids, worker);
        cluster("start");
      }
      send(site, ids, "after");
      awaitEnds(site, ids, worker);
      try (Tail events = site.tail(site.topics().events())) {
        events.await("all ends", ids.size(), letter -> letter.text("type").equals("completed"));
        // An event may be published twice, but a job does not end twice.
        assertThat(
                events.now(letter -> letter.text("type").equals("completed")).stream()
                    .map(letter -> letter.json().toMap())
                    .distinct()
                    .map(event -> event.get("jobId")))
            .containsExactlyInAnyOrderElementsOf(ids);
      }
      assertThat(ids).allSatisfy(id -> assertThat(site.object(Keys.manifest(id))).isNotEmpty());
      System.out.printf("%d jobs, %d kills%n", ids.size(), BROKERS);
    } finally {
      if (worker != null) {
        worker.process().destroy();
        if (!worker.ends(EXIT_SECONDS)) {
          worker.process().destroyForcibly().waitFor();
        }
      }
      cluster("stop");
    }
  }

  private static void send(Site site, List<String> ids, String name) {
    IntStream.range(0, JOBS)
        .mapToObj(i -> name + "-" + i)
        .forEach(
            id -> {
              ids.add(id);
              site.send("{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"steps\":2}".formatted(id));
            });
  }

  private static void awaitEnds(Site site, List<String> ids, Running worker) throws Exception {
    long end = System.nanoTime() + 300_000_000_000L;
    while (!ids.stream().allMatch(id -> site.store().stat(Keys.manifest(id)).isPresent())) {
      assertThat(worker.process().isAlive()).as(worker.said()).isTrue();
      assertThat(System.nanoTime()).as(worker.said()).isLessThan(end);
      Thread.sleep(500);
    }
  }
}
