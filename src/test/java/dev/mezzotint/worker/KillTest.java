package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Tail.Letter;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers in processes of their own, ended in the middle of a job. */
class KillTest {
  /** Twice the slots of a worker, so that half of the pictures stand while the others are made. */
  private static final int COUNT = 32;

  private static final int STEPS = 150;

  @TempDir Path folder;

  private Site site;
  private final List<WorkerProcess> workers = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    site = new Site(folder);
    site.shortLocks(10);
  }

  @AfterEach
  void close() throws InterruptedException {
    for (WorkerProcess worker : workers) {
      worker.kill();
    }
    site.close();
  }

  private void startWorker(String name) throws IOException {
    workers.add(WorkerProcess.start(site, name, folder.resolve(name + ".log")));
  }

  private WorkerProcess named(String name) {
    return workers.stream().filter(w -> w.name().equals(name)).findFirst().orElseThrow();
  }

  private void submit(String id) {
    site.send(
        "{\"id\":\"%s\",\"model\":\"iadb_defaults\",\"count\":%d,\"steps\":%d}"
            .formatted(id, COUNT, STEPS));
  }

  @Test
  void aJobIsFinishedByAnotherWorkerAfterAKillAndAfterATermination() throws Exception {
    startWorker("a");
    startWorker("b");
    awaitTopics();
    try (Tail events = site.tail(site.topics().events())) {
      submit("killed");
      WorkerProcess first = named(midway(events, "killed"));
      first.kill();
      startWorker("c");

      Letter end = events.await("end", letter -> letter.is("completed", "killed"));
      checkJob("killed", end, events, first.name());
      checkAttempts("killed", /* failedAttempts= */ 1, first.name(), /* handedBack= */ false);

      submit("handed-back");
      WorkerProcess second = named(midway(events, "handed-back"));
      assertThat(second.terminate(25)).as("ended within 25 s").isTrue();

      end = events.await("end", letter -> letter.is("completed", "handed-back"));
      checkJob("handed-back", end, events, second.name());
      checkAttempts("handed-back", /* failedAttempts= */ 0, second.name(), /* handedBack= */ true);
      assertThat(workers.stream().filter(WorkerProcess::alive)).hasSize(1);
    }
    for (int i = 0; i < COUNT; i++) {
      assertThat(site.object(Keys.image("handed-back", i)))
          .isEqualTo(site.object(Keys.image("killed", i)));
    }
  }

  /** The workers make them; a tail needs the one of events. */
  private void awaitTopics() throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!site.topicExists(site.topics().deadLetters())) {
      assertThat(System.nanoTime()).as("workers start within 60 s").isLessThan(end);
      Thread.sleep(200);
    }
  }

  /** Waits until the first half of the pictures stands; says which worker makes the other. */
  private String midway(Tail events, String id) throws InterruptedException {
    Letter started = events.await("start of " + id, letter -> letter.is("started", id));
    long end = System.nanoTime() + 90_000_000_000L;
    while (site.store().stat(Keys.image(id, 0)).isEmpty()) {
      assertThat(System.nanoTime()).as("pictures of %s within 90 s", id).isLessThan(end);
      Thread.sleep(20);
    }
    return started.text("worker");
  }

  private void checkJob(String id, Letter end, Tail events, String stopped) throws Exception {
    List<Letter> starts = events.now(letter -> letter.is("started", id));
    assertThat(starts).hasSize(2);
    assertThat(starts.get(1).text("worker")).isNotEqualTo(stopped);
    assertThat(
            events.now(letter -> letter.text("jobId").equals(id)).stream()
                .filter(letter -> List.of("completed", "failed").contains(letter.text("type")))
                .map(letter -> letter.text("id"))
                .distinct())
        .containsExactly(end.text("id"));

    byte[] manifest = site.object(Keys.manifest(id));
    assertThat(sha256(manifest)).isEqualTo(end.text("manifestSha256"));
    List<JsonObject> images = JsonObject.parse(manifest).objects("images", COUNT).orElseThrow();
    assertThat(images).hasSize(COUNT);
    for (JsonObject image : images) {
      assertThat(sha256(site.object(image.requiredString("key"))))
          .isEqualTo(image.requiredString("sha256"));
    }
    assertThat(site.store().list(Keys.job(id))).hasSize(COUNT + 2);
  }

  private void checkAttempts(String id, int failedAttempts, String first, boolean handedBack) {
    JsonObject job = JsonObject.parse(site.object(Keys.jobRecord(id)));
    assertThat(job.integer("attempts", 0, 99, 0)).isEqualTo(2);
    assertThat(job.integer("failedAttempts", 0, 99, -1)).isEqualTo(failedAttempts);
    JsonObject attempt = job.objects("history", 99).orElseThrow().get(0);
    assertThat(attempt.requiredString("worker")).isEqualTo(first);
    assertThat(attempt.bool("handedBack").orElseThrow()).isEqualTo(handedBack);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
