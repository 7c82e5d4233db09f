package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.MezzotintClient;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One worker with all roles and one lane for trainings. */
class TrainingRoleTest {
  private static final int FOR_EVER = 1_000_000;

  private Site site;
  private Endpoints endpoints;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    site = new Site(folder);
    site.set("mezzotint.training-segment-seconds", "1");
    site.set("mezzotint.training-lease-seconds", "6");
    site.set("mezzotint.sweep-after-seconds", "1");
    site.set("mezzotint.threads", "1");
    endpoints = Endpoints.open(site.settings(""));
    site.store().put("datasets/squares.zip", TrainingJobTest.squares(20), "application/zip");
  }

  @AfterEach
  void close() throws IOException {
    endpoints.close();
    site.close();
  }

  @Test
  void trainings_takeTurns_whileImagesAreGenerated_andShutdownKeepsCheckpoints() throws Exception {
    try (Tail events = events();
        MezzotintClient client = new MezzotintClient(endpoints.kafka())) {
      Worker worker = Worker.start(site.settings("w1"), endpoints);
      try {
        site.train(TrainingJobTest.request("one", FOR_EVER, 500, ""));
        site.train(TrainingJobTest.request("two", FOR_EVER, 500, ""));
        events.await("turns", 2, l -> l.is("started", "one"));
        events.await("turns", 2, l -> l.is("started", "two"));
        Instant asked = Instant.now();
        site.send("{\"id\":\"picture\",\"model\":\"iadb_defaults\",\"steps\":4}");
        Tail.Letter picture = events.await("pictures", l -> l.is("completed", "picture"));
        tell("picture beside a training", asked, picture);

        Instant called = Instant.now();
        client.cancel("one");
        tell("training cancelled", called, events.await("end", l -> l.is("cancelled", "one")));
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!site.store().list(Keys.checkpoints("one")).isEmpty()) {
          assertThat(System.nanoTime()).as("checkpoints are swept").isLessThan(end);
          Thread.sleep(100);
        }
      } finally {
        Instant closing = Instant.now();
        worker.close();
        Duration took = Duration.between(closing, Instant.now());
        System.out.printf("closed with a training in hand after %d ms%n", took.toMillis());
        assertThat(took).isLessThan(Duration.ofSeconds(25));
      }
    }
    JsonObject pointer = JsonObject.parse(site.object(Keys.latestCheckpoint("two")));
    assertThat(pointer.string("run", "")).isEmpty();
    assertThat(pointer.integer("iteration", 0, FOR_EVER, 0)).isPositive();
    JsonObject job = JsonObject.parse(site.object(Keys.jobRecord("two")));
    assertThat(job.integer("failedAttempts", 0, 9, 9)).isZero();
    List<JsonObject> history = job.objects("history", 99).orElseThrow();
    assertThat(history.get(history.size() - 1).bool("handedBack", false)).isTrue();
  }

  @Test
  void waitingTraining_endsWhenCancelledOrExpired() throws Exception {
    site.set("mezzotint.training-segment-seconds", "600");
    try (Tail events = events();
        Worker worker = Worker.start(site.settings("w1"), endpoints);
        MezzotintClient client = new MezzotintClient(endpoints.kafka())) {
      assertThat(worker.trainingQueue()).isPresent();
      site.train(TrainingJobTest.request("long", FOR_EVER, 500, ""));
      events.await("start", l -> l.is("started", "long"));
      Instant deadline = Instant.now().plusMillis(1_500);
      site.train(TrainingJobTest.request("late", 5, 5, ", \"deadline\": \"" + deadline + "\""));
      site.train(TrainingJobTest.request("waiting", 5, 5, ""));
      Instant called = Instant.now();
      client.cancel("waiting");
      tell("waiting training", called, events.await("end", l -> l.is("cancelled", "waiting")));
      tell("late training", deadline, events.await("end", l -> l.is("expired", "late")));
      events.await("steps of the running one", l -> l.is("progressed", "long"));
      client.cancel("long");
      events.await("end", l -> l.is("cancelled", "long"));
    }
  }

  private Tail events() {
    try (var cluster = new dev.mezzotint.kafka.KafkaCluster(endpoints.kafka())) {
      cluster.ensureTopics();
    }
    return site.tail(site.topics().events());
  }

  private static void tell(String what, Instant since, Tail.Letter event) {
    Duration took = Duration.between(since, Instant.parse(event.text("time")));
    System.out.printf("%s: ended after %d ms%n", what, took.toMillis());
  }
}
