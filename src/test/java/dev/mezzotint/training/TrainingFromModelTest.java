package dev.mezzotint.training;

import static dev.mezzotint.training.TrainingWorld.again;
import static dev.mezzotint.training.TrainingWorld.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that start from a model, also with reflow pairs. */
class TrainingFromModelTest {
  @TempDir Path folder;
  private TrainingWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new TrainingWorld(folder);
  }

  @Test
  void startsFromModel_whoseVersionIsFixedAtTheStart() throws Exception {
    world.runUninterrupted();
    String base = world.model("whole").model();
    String on =
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace("\"model\"", "\"from\": \"tiny@latest\", \"model\"");
    world.worker().handle(world.record(on));
    world.checkCompleted("a");
    String card =
        new String(
            world
                .store
                .get("models/" + world.model("a").model().replace("@", "/") + "/model.json")
                .orElseThrow()
                .bytes());
    assertThat(JsonObject.parse(card).object("metrics").orElseThrow().requiredString("from"))
        .isEqualTo(base);
  }

  @Test
  void reflow_runsAsAJob_alsoInSegments() throws Exception {
    world.runUninterrupted();
    String json =
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 8, \"steps\": 2}, \"model\"");
    world.worker().handle(world.record(json));
    world.checkCompleted("a");
    TrainingSettings cut = world.shortSegments("w1");
    world.finish(
        world.worker(cut, FaultInjector.Fault.NONE),
        world.record(
            json.replace("\"id\": \"a\"", "\"id\": \"b\"")
                .replace("tiny@latest", world.model("whole").model())));
    assertThat(world.model("b").weightsSha256()).isEqualTo(world.model("a").weightsSha256());
  }

  /** Another job's model may evict it at any time. */
  @Test
  void modelToStartFrom_survivesItsEviction() throws Exception {
    world.runUninterrupted();
    Path cached = folder.resolve("models");
    FaultInjector.Fault evicts =
        (after, call, subject) -> {
          if (after && subject.endsWith("/checkpoints/latest.json")) {
            FolderLock.removeTree(cached);
          }
        };
    String json =
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace("\"model\"", "\"from\": \"tiny@latest\", \"model\"");
    world.worker("w1", evicts).handle(world.record(json));
    world.checkCompleted("a");
  }

  @Test
  void reflowPairs_surviveTheLossOfTheirWorker() throws Exception {
    world.runUninterrupted();
    String json = // 1,366 pairs of 768 bytes are a part: one whole part, and the rest
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 1400, \"steps\": 1}, \"model\"");
    String sameModel = json.replace("tiny@latest", world.model("whole").model());
    world.worker().handle(world.record(sameModel.replace("\"id\": \"a\"", "\"id\": \"b\"")));
    List<String> kept = new ArrayList<>();
    AtomicBoolean dead = new AtomicBoolean();
    FaultInjector.Fault dies =
        (after, call, subject) -> {
          boolean part = call.equals("create") && subject.contains("/checkpoints/pairs/");
          if (dead.get() || part && subject.endsWith("/00001.f32")) {
            dead.set(true);
            throw new Crash.Killed();
          }
          if (part && after) {
            kept.add(subject);
          }
        };
    Delivery record = world.record(sameModel);
    assertThat(Crash.kills(world.worker("w1", dies), record, dies)).isTrue();
    assertThat(kept).singleElement().asString().endsWith("/00000.f32");
    assertThat(world.jobRecord("a").failedAttempts()).isZero();
    FaultInjector.Fault notes =
        (after, call, subject) -> {
          if (after && call.equals("create") && subject.contains("/checkpoints/pairs/")) {
            kept.add(subject);
          }
        };
    TrainingSettings cut = world.shortSegments("w2");
    world.finish(world.worker(cut, notes), again(record));
    assertThat(kept).hasSize(2); // not generated again by the second worker or by its segments
    assertThat(kept.get(1)).endsWith("/00001.f32");
    assertThat(world.model("a").weightsSha256()).isEqualTo(world.model("b").weightsSha256());
    new OrphanCleaner(world.store, CheckpointPointer::referencedKeys).clean("a");
    assertThat(world.store.list(Keys.checkpoints("a"))).noneMatch(kept::contains);
  }

  @Test
  void workerDeath_atAnyCallOfAReflow_doesNotChangeTheModel() throws Exception {
    world.runUninterrupted();
    String reflow =
        "\"from\": \""
            + world.model("whole").model()
            + "\", \"reflow\": {\"pairs\": 1400, \"steps\": 1}, \"model\"";
    UnaryOperator<String> requests = id -> request(id).replace("\"model\"", reflow);
    world.worker().handle(world.record(requests.apply("straight")));
    int died = world.killAtEachCall(requests, world.model("straight").weightsSha256());
    assertThat(died).isGreaterThan(5);
  }

  @Test
  void damagedReflowPairs_areGeneratedAgain() throws Exception {
    world.runUninterrupted();
    String json =
        request("a")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 8, \"steps\": 2}, \"model\"");
    String sameModel = json.replace("tiny@latest", world.model("whole").model());
    world.worker().handle(world.record(sameModel.replace("\"id\": \"a\"", "\"id\": \"b\"")));
    FaultInjector.Fault dies = Crash.at("create", Keys.sample("a", 8));
    Delivery record = world.record(sameModel);
    assertThat(Crash.kills(world.worker("w1", dies), record, dies)).isTrue();
    String part =
        world.store.list(Keys.checkpoints("a")).stream()
            .filter(key -> key.endsWith(".f32"))
            .findFirst()
            .orElseThrow();
    world.store.put(part, new byte[9], "x");
    assertThat(world.worker("w2", FaultInjector.Fault.NONE).handle(again(record)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.model("a").weightsSha256()).isEqualTo(world.model("b").weightsSha256());
  }
}
