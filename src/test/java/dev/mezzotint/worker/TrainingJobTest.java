package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.worker.Tail.Letter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three workers in processes of their own, and trainings on the topic. */
public class TrainingJobTest {
  private static final int STEPS = 200;
  private static final long LIMIT_NANOS = 120_000_000_000L;

  @TempDir Path folder;

  private Site site;
  private final List<WorkerProcess> workers = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    site = new Site(folder);
    site.shortLocks(5);
    site.set("mezzotint.training-lease-seconds", "6");
    site.set("mezzotint.threads", "1");
    site.set("mezzotint.roles", "training,generation");
    site.store().put("datasets/squares.zip", squares(20), "application/zip");
  }

  @AfterEach
  void close() throws InterruptedException {
    for (WorkerProcess worker : workers) {
      worker.kill();
    }
    site.close();
  }

  public static byte[] squares(int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < count; i++) {
        float[] chw = new float[3 * 64];
        for (int k = 0; k < chw.length; k++) {
          chw[k] = k % 8 < 4 ? -0.9f + 0.02f * i : 0.9f - 0.05f * i;
        }
        zip.putNextEntry(new ZipEntry("square-%02d.png".formatted(i)));
        zip.write(Png.encode(Pixels.fromChw(chw, 0, 3, 8, 8)));
      }
    }
    return bytes.toByteArray();
  }

  public static String request(String id, int steps, int checkpointEvery, String more) {
    return """
        {"id": "%s", "model": "squares",
         "network": {"sample_size": 8, "in_channels": 3, "out_channels": 3,
           "block_out_channels": [8, 16],
           "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
           "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
           "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 8},
         "dataset": {"reference": "datasets/squares.zip", "size": 8, "flip": true},
         "optimizer": {"learningRate": 0.001, "warmup": 20},
         "iterations": %d, "batchSize": 8, "ema": {"decay": 0.99},
         "checkpointEvery": %d, "sampleEvery": 100, "seed": 5,
         "card": {"steps": 4}%s}
        """
        .formatted(id, steps, checkpointEvery, more);
  }

  private WorkerProcess startWorker(String name) throws IOException {
    WorkerProcess worker = WorkerProcess.start(site, name, folder.resolve(name + ".log"));
    workers.add(worker);
    return worker;
  }

  @Test
  void aTrainingThatIsKilledTerminatedOrFrozenGivesTheWeightsOfAnUndisturbedOne() throws Exception {
    for (String name : List.of("a", "b", "c")) {
      startWorker(name);
    }
    awaitTopics();
    try (Tail events = site.tail(site.topics().events())) {
      site.train(request("whole", STEPS, 10, ""));
      Letter whole = events.await("end", letter -> letter.is("completed", "whole"));

      site.train(request("cut", STEPS, 10, ""));
      String killed = awaitStep("cut", 70);
      named(killed).kill();
      long killedAt = pointer("cut").integer("iteration", 0, STEPS, 0);
      startWorker("d");
      String terminated = awaitStep("cut", 130);
      assertThat(terminated).isNotEqualTo(killed);
      assertThat(named(terminated).terminate(25)).as("ended within 25 s").isTrue();
      Letter cut = events.await("end", letter -> letter.is("completed", "cut"));

      assertThat(cut.text("weightsSha256")).isEqualTo(whole.text("weightsSha256"));
      assertThat(cut.text("model")).isEqualTo(whole.text("model"));
      assertThat(site.object(Keys.lossLog("cut"))).isEqualTo(site.object(Keys.lossLog("whole")));
      checkLog("cut");
      for (String file : List.of(Keys.lossCurve("cut"), Keys.sample("cut", 100))) {
        assertThat(site.object(file)).isEqualTo(site.object(file.replace("/cut/", "/whole/")));
      }
      List<Letter> starts = events.now(letter -> letter.is("started", "cut"));
      assertThat(starts).hasSizeGreaterThanOrEqualTo(3);
      assertThat(starts.stream().map(letter -> letter.text("worker")).distinct())
          .contains(killed, terminated)
          .hasSizeGreaterThanOrEqualTo(3);
      assertThat(
              events.now(letter -> letter.is("completed", "cut")).stream()
                  .map(letter -> letter.text("id"))
                  .distinct())
          .hasSize(1);
      System.out.printf(
          "200 steps whole: %s; kill -9 at %d by %s, SIGTERM by %s, %d attempts: %s%n",
          whole.text("weightsSha256"),
          killedAt,
          killed,
          terminated,
          starts.size(),
          cut.text("weightsSha256"));

      checkFrozen(events, whole.text("weightsSha256"));

      // Asked for by name, without a restart.
      site.send("{\"id\":\"use\",\"model\":\"squares\",\"count\":2,\"steps\":2}");
      Letter used = events.await("pictures", letter -> letter.is("completed", "use"));
      assertThat(used.text("model")).isEqualTo(cut.text("model"));
    }
  }

  /** Stopped past its lock and woken when another worker has the job: it does nothing more. */
  private void checkFrozen(Tail events, String weights) throws Exception {
    site.train(request("frozen", STEPS, 10, ""));
    WorkerProcess zombie = named(awaitStep("frozen", 70));
    zombie.signal("STOP");
    Letter end = events.await("end", letter -> letter.is("completed", "frozen"));
    assertThat(end.text("weightsSha256")).isEqualTo(weights);
    Letter last = events.now(letter -> letter.is("started", "frozen")).get(1);
    assertThat(last.text("worker")).isNotEqualTo(zombie.name());
    List<String> objects = site.store().list("");
    byte[] record = site.object(Keys.jobRecord("frozen"));
    int told = events.now(letter -> letter.text("jobId").equals("frozen")).size();
    zombie.signal("CONT");
    Thread.sleep(3_000); // it would beat, upload and tell within a second
    assertThat(zombie.alive()).isTrue();
    assertThat(site.store().list("")).isEqualTo(objects);
    assertThat(site.object(Keys.jobRecord("frozen"))).isEqualTo(record);
    assertThat(events.now(letter -> letter.text("jobId").equals("frozen"))).hasSize(told);
  }

  private void checkLog(String id) {
    List<String> lines =
        new String(site.object(Keys.lossLog(id)), StandardCharsets.UTF_8).lines().toList();
    assertThat(lines.stream().skip(1).map(line -> line.split(",", -1)[0]))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, STEPS).mapToObj(Integer::toString).toList());
  }

  private WorkerProcess named(String name) {
    return workers.stream().filter(w -> w.name().equals(name)).findFirst().orElseThrow();
  }

  private JsonObject pointer(String id) {
    return JsonObject.parse(site.object(Keys.latestCheckpoint(id)));
  }

  /** Waits until so many steps are kept; says which worker goes on from there. */
  private String awaitStep(String id, int step) throws InterruptedException {
    long end = System.nanoTime() + LIMIT_NANOS;
    while (true) {
      assertThat(System.nanoTime()).as("step %s of %s", step, id).isLessThan(end);
      Optional<JsonObject> pointer =
          site.store()
              .get(Keys.latestCheckpoint(id))
              .map(object -> JsonObject.parse(object.bytes()));
      if (pointer.isPresent()
          && pointer.get().integer("iteration", 0, STEPS, 0) >= step
          && !pointer.get().string("run", "").isEmpty()) {
        return pointer.get().requiredString("worker");
      }
      Thread.sleep(3);
    }
  }

  private void awaitTopics() throws InterruptedException {
    long end = System.nanoTime() + LIMIT_NANOS;
    while (!site.topicExists(site.topics().deadLetters())) {
      assertThat(System.nanoTime()).as("workers start in time").isLessThan(end);
      Thread.sleep(200);
    }
  }
}
