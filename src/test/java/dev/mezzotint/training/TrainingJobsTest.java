package dev.mezzotint.training;

import static dev.mezzotint.training.TrainingWorld.again;
import static dev.mezzotint.training.TrainingWorld.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ModelReference;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.StorageException;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training jobs under the delivery rules: twelve steps of a tiny network, interrupted in many ways.
 */
class TrainingJobsTest {
  @TempDir Path folder;
  private TrainingWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new TrainingWorld(folder);
  }

  @Test
  void completesJob_withModelManifestAndEvents() throws Exception {
    world.runUninterrupted();
    world.checkCompleted("whole");
    assertThat(world.log.types("whole")).startsWith("accepted", "started").endsWith("completed");
    assertThat(world.model("whole").samples()).containsExactly("jobs/whole/samples/0000008.png");
    assertThat(world.model("whole").iterations()).isEqualTo(12);
    String reference = world.model("whole").model();
    assertThat(reference).matches("tiny@[0-9a-f]{12}");
    JobEvent end = world.log.ends("whole").get(0);
    assertThat(end.data())
        .containsEntry("model", reference)
        .containsEntry("weightsSha256", world.model("whole").weightsSha256());
    var files =
        new StoredModels(world.store, folder.resolve("elsewhere"), Long.MAX_VALUE)
            .open(new ModelReference.Stored("tiny", "latest"));
    assertThat(files.name() + "@" + files.version()).isEqualTo(reference);
    assertThat(FileDigest.of(files.weights()).sha256())
        .isEqualTo(world.model("whole").weightsSha256());
  }

  @Test
  void segments_giveTheSameModelAsOneRun() throws Exception {
    String whole = world.runUninterrupted();
    TrainingSettings cut = world.shortSegments("w1");
    int deliveries =
        world.finish(world.worker(cut, FaultInjector.Fault.NONE), world.record(request("parts")));
    assertThat(deliveries).isEqualTo(12);
    assertThat(world.model("parts").weightsSha256()).isEqualTo(whole);
    world.checkCompleted("parts");
    assertThat(world.store.get(Keys.lossLog("parts")).orElseThrow().bytes())
        .isEqualTo(world.store.get(Keys.lossLog("whole")).orElseThrow().bytes());
    JobRecord job = world.jobRecord("parts");
    assertThat(job.attempts()).isEqualTo(12);
    assertThat(job.failedAttempts()).isZero();
  }

  @Test
  void shutdown_publishesCheckpoint_andReleasesRecord() throws Exception {
    String whole = world.runUninterrupted();
    Delivery record = world.record(request("a"));
    FaultInjector.Fault drain =
        (after, call, subject) -> {
          if (after && call.equals("upload") && subject.contains("0000004-")) {
            record.drain();
          }
        };
    assertThat(world.worker("w1", drain).handle(record)).isEqualTo(Settlement.RELEASE);
    assertThat(world.pointer("a").iteration()).isBetween(4L, 5L);
    assertThat(world.pointer("a").run()).isEmpty();
    assertThat(world.jobRecord("a").history().get(0).handedBack()).isTrue();
    assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(again(record)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
    world.checkCompleted("a");
  }

  @Test
  void workerDeath_atAnyCall_doesNotChangeTheModel() throws Exception {
    String whole = world.runUninterrupted();
    int died = world.killAtEachCall(TrainingWorld::request, whole);
    assertThat(died).isGreaterThan(5);
  }

  @Test
  void jobThatProgresses_isNotGivenUp_howeverManyWorkersDie() throws Exception {
    String whole = world.runUninterrupted();
    Delivery record =
        world.record(request("a", "\"checkpointEvery\": 4", "\"checkpointEvery\": 1"));
    for (int step = 1; step <= 6; step++) {
      Crash crash = Crash.at("create", "jobs/a/never.json");
      int last = step;
      FaultInjector.Fault dies =
          (after, call, subject) -> {
            if (!after && call.equals("upload") && subject.contains("/%07d-".formatted(last + 1))) {
              crash.at(false, "create", "jobs/a/never.json");
            }
            if (crash.dead()) {
              throw new Crash.Killed();
            }
          };
      assertThat(Crash.kills(world.worker("w" + step, dies), record, crash)).isTrue();
      record = again(record);
    }
    assertThat(world.jobRecord("a").attempts()).isEqualTo(6);
    assertThat(world.finish(world.worker(), record)).isEqualTo(1);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
  }

  @Test
  void jobThatKillsWorkersWithoutProgress_isGivenUp() throws Exception {
    Delivery record = world.record(request("a"));
    for (int i = 0; i < 5; i++) {
      Crash crash = Crash.at("open", TrainingWorld.DATA);
      TrainingSettings own = TrainingWorld.ownFolder("w" + i, folder.resolve("w" + i));
      assertThat(crash.kills(world.worker(own, crash), record)).isTrue();
      record = again(record);
    }
    assertThat(world.worker().handle(record)).isEqualTo(Settlement.ACCEPT);
    assertThat(world.manifest("a").state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest("a").cause()).startsWith("given up after 5 attempts");
  }

  @Test
  void workerWithoutDiskSpace_releasesRecord_andJobFailsIfNoneHasSpace() throws Exception {
    Path noFolder = Files.write(folder.resolve("full"), new byte[1]);
    TrainingSettings full = TrainingWorld.ownFolder("w1", noFolder);
    Delivery record = world.record(request("a"));
    assertThat(world.worker(full, FaultInjector.Fault.NONE).handle(record))
        .isEqualTo(Settlement.RELEASE);
    assertThat(world.finish(world.worker(), again(record))).isEqualTo(1);
    world.checkCompleted("a");
    world.finish(world.worker(full, FaultInjector.Fault.NONE), world.record(request("b")));
    assertThat(world.manifest("b").state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest("b").cause())
        .startsWith("given up after 5 attempts")
        .contains("cannot work in " + noFolder);
  }

  @Test
  void workerWithoutMemory_releasesRecord_andJobFailsIfNoneHasEnough() throws Exception {
    Delivery record = world.record(request("a"));
    Device all = world.device;
    world.device = new ShortOfMemory(all);
    assertThat(world.worker().handle(record)).isEqualTo(Settlement.RELEASE);
    world.finish(world.worker(), world.record(request("b")));
    assertThat(world.manifest("b").state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest("b").cause())
        .startsWith("given up after 5 attempts")
        .contains("more memory than w1 has", "microBatch", "80.00 GiB");
    world.device = all;
    assertThat(world.finish(world.worker(), again(record))).isEqualTo(1);
    world.checkCompleted("a");
  }

  @Test
  void cancelledTraining_endsWithinAStep_andLeavesNoCheckpoint() throws Exception {
    FaultInjector.Fault cancels =
        (after, call, subject) -> {
          if (after && call.equals("upload") && subject.contains("/checkpoints/0000004-")) {
            world.cancelled.add("a");
          }
        };
    assertThat(world.worker("w1", cancels).handle(world.record(request("a"))))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.manifest("a").state()).isEqualTo(JobEvent.Type.CANCELLED);
    assertThat(world.store.list(Keys.checkpoints("a"))).isEmpty();
    assertThat(world.store.list("models/")).isEmpty();
  }

  @Test
  void training_pastItsDeadline_expires() throws Exception {
    String late =
        request("a").replace("{\"id\"", "{\"deadline\": \"2026-11-22T12:00:05Z\", \"id\"");
    FaultInjector.Fault timePasses =
        (after, call, subject) -> {
          if (after && call.equals("upload")) {
            world.time.set(TrainingWorld.START.plusSeconds(6));
          }
        };
    assertThat(world.worker("w1", timePasses).handle(world.record(late)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.manifest("a").state()).isEqualTo(JobEvent.Type.EXPIRED);
  }

  @Test
  void divergence_failsNamingTheStep_andKeepsTheLastCheckpoint() throws Exception {
    String wild =
        request(
            "a",
            "\"learningRate\": 0.003, \"warmup\": 3",
            "\"learningRate\": 10, \"warmup\": 12",
            "\"iterations\": 12",
            "\"iterations\": 300",
            "\"sampleEvery\": 8",
            "\"sampleEvery\": 0");
    assertThat(world.worker().handle(world.record(wild))).isEqualTo(Settlement.ACCEPT);
    assertThat(world.manifest("a").state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest("a").cause()).contains("step ").contains("checkpoint is kept");
    CheckpointPointer pointer = world.pointer("a");
    assertThat(pointer.iteration()).isGreaterThan(0);
    assertThat(world.store.get(pointer.last().orElseThrow().key())).isPresent();
    assertThat(world.log.deadLetters()).hasSize(1);
  }

  @Test
  void retainsNewestCheckpoints_andMilestones() throws Exception {
    String kept =
        request("a", "\"checkpointEvery\": 4", "\"checkpointEvery\": 1")
            .replace("{\"id\"", "{\"keepLast\": 3, \"keepEvery\": 5, \"id\"");
    AtomicInteger most = new AtomicInteger();
    FaultInjector.Fault counts =
        (after, call, subject) -> {
          if (after && call.equals("delete") && subject.endsWith(".csv")) {
            most.accumulateAndGet(world.pointer("a").checkpoints().size(), Math::max);
          }
        };
    world.worker("w1", counts).handle(world.record(kept));
    assertThat(most.get()).isEqualTo(4); // such as 5, 9, 10, 11
    assertThat(world.model("a").checkpoints())
        .hasSize(2)
        .allMatch(k -> k.matches(".*/00000(05|10)-.*"));
    world.checkCompleted("a");
  }

  @Test
  void versionOfAnotherJob_isRefused_andItsModelStays() throws Exception {
    String first = request("a").replace("\"card\": {", "\"card\": {\"version\": \"1\", ");
    world.worker().handle(world.record(first));
    String weights = world.model("a").weightsSha256();
    String second =
        request("b", "\"seed\": 5", "\"seed\": 6")
            .replace("\"card\": {", "\"card\": {\"version\": \"1\", ");
    world.worker().handle(world.record(second));
    assertThat(world.manifest("b").state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest("b").field()).isEqualTo("card.version");
    var files =
        new StoredModels(world.store, folder.resolve("elsewhere"), Long.MAX_VALUE)
            .open(new ModelReference.Stored("tiny", "1"));
    assertThat(FileDigest.of(files.weights()).sha256()).isEqualTo(weights);
  }

  @Test
  void storeOutage_isWaitedOut() throws Exception {
    String whole = world.runUninterrupted();
    AtomicInteger failures = new AtomicInteger();
    AtomicBoolean uploaded = new AtomicBoolean();
    FaultInjector.Fault away =
        (after, call, subject) -> {
          if (subject.contains("/checkpoints/") && call.equals("upload")) {
            uploaded.set(true);
          }
          // At any call, before or after it took effect.
          if (uploaded.get() && failures.incrementAndGet() <= 15) {
            throw new StorageException("away");
          }
        };
    Delivery record = world.record(request("a"));
    assertThat(world.worker("w1", away).handle(record)).isEqualTo(Settlement.ACCEPT);
    assertThat(failures.get()).isGreaterThan(15);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
  }

  @Test
  void damagedCheckpoint_fallsBackToThePreviousOne() throws Exception {
    String whole = world.runUninterrupted();
    Delivery record = world.record(request("a"));
    FaultInjector.Fault dies = Crash.at("create", Keys.sample("a", 8));
    assertThat(Crash.kills(world.worker("w1", dies), record, dies)).isTrue();
    assertThat(world.pointer("a").checkpoints()).hasSize(2);
    world.store.put(world.pointer("a").last().orElseThrow().key(), new byte[9], "x");
    assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(again(record)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.model("a").weightsSha256()).isEqualTo(whole);
  }

  @Test
  void workFolders_ofCrashedWorkers_areRemoved() throws Exception {
    Path work = folder.resolve("training");
    Files.createDirectories(work.resolve("dead-run/training"));
    Files.write(work.resolve("dead-run/training/log.csv"), new byte[3]);
    try (FolderLock live = FolderLock.shared(work.resolve("live-run"))) {
      Files.createDirectories(work.resolve("live-run"));
      world.worker().handle(world.record(request("a")));
      assertThat(work.resolve("dead-run")).doesNotExist();
      assertThat(work.resolve("live-run")).exists();
      assertThat(live.file()).exists();
    }
    world.worker();
    assertThat(work).isEmptyDirectory();
  }
}
