package dev.mezzotint.training;

import static dev.mezzotint.training.TrainingWorld.again;
import static dev.mezzotint.training.TrainingWorld.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.OrphanCleaner;
import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.Line;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.DeliveryHandler.Settlement;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.FolderLock;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.training.checkpoint.CheckpointPointer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that begin from a model, also with pairs of its own making. */
class TrainingFromModelTest {
  @TempDir Path folder;
  private TrainingWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new TrainingWorld(folder);
  }

  @Test
  void goesOnFromAnEarlierModelWhoseVersionIsFixedAtTheBegin() throws Exception {
    world.undisturbed();
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
  void reflowIsAJobLikeAnyOther() throws Exception {
    world.undisturbed();
    String json =
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 8, \"steps\": 2}, \"model\"");
    world.worker().handle(world.record(json));
    world.checkCompleted("a");
    TrainingSettings cut = world.settings("w1").withSegment(Duration.ofNanos(1));
    world.finish(
        world.worker(cut, Line.Fault.NONE),
        world.record(
            json.replace("\"id\": \"a\"", "\"id\": \"b\"")
                .replace("tiny@latest", world.model("whole").model())));
    assertThat(world.model("b").weightsSha256()).isEqualTo(world.model("a").weightsSha256());
  }

  /** Another job's model may need its place on the disk at any moment. */
  @Test
  void theModelThatATrainingBeginsFromStaysAsLongAsItNeedsIt() throws Exception {
    world.undisturbed();
    Path brought = folder.resolve("models");
    Line.Fault makesRoom =
        (after, call, subject) -> {
          if (after && subject.endsWith("/checkpoints/latest.json")) {
            FolderLock.removeTree(brought);
          }
        };
    String json =
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace("\"model\"", "\"from\": \"tiny@latest\", \"model\"");
    world.worker("w1", makesRoom).handle(world.record(json));
    world.checkCompleted("a");
  }

  @Test
  void pairsOutliveTheWorkerThatMadeThem() throws Exception {
    world.undisturbed();
    String json = // 1,366 pairs of 768 bytes are a part: one whole, and the rest
        request("a", "\"seed\": 5", "\"seed\": 6")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 1400, \"steps\": 1}, \"model\"");
    String sameModel = json.replace("tiny@latest", world.model("whole").model());
    world.worker().handle(world.record(sameModel.replace("\"id\": \"a\"", "\"id\": \"b\"")));
    List<String> kept = new ArrayList<>();
    AtomicBoolean dead = new AtomicBoolean();
    Line.Fault dies =
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
    assertThat(world.jobRecord("a").strikes()).isZero();
    Line.Fault notes =
        (after, call, subject) -> {
          if (after && call.equals("create") && subject.contains("/checkpoints/pairs/")) {
            kept.add(subject);
          }
        };
    TrainingSettings cut = world.settings("w2").withSegment(Duration.ofNanos(1));
    world.finish(world.worker(cut, notes), again(record));
    assertThat(kept).hasSize(2); // neither again by the second worker, nor by its segments
    assertThat(kept.get(1)).endsWith("/00001.f32");
    assertThat(world.model("a").weightsSha256()).isEqualTo(world.model("b").weightsSha256());
    new OrphanCleaner(world.store, CheckpointPointer::referencedKeys).clean("a");
    assertThat(world.store.list(Keys.checkpoints("a"))).noneMatch(kept::contains);
  }

  @Test
  void aWorkerThatDiesAtAnyCallOfAReflowCostsNothingButTime() throws Exception {
    world.undisturbed();
    String reflow =
        "\"from\": \""
            + world.model("whole").model()
            + "\", \"reflow\": {\"pairs\": 1400, \"steps\": 1}, \"model\"";
    UnaryOperator<String> requests = id -> request(id).replace("\"model\"", reflow);
    world.worker().handle(world.record(requests.apply("straight")));
    int died = world.diesAtAnyCall(requests, world.model("straight").weightsSha256());
    assertThat(died).isGreaterThan(5);
  }

  @Test
  void pairsThatWereCutAreMadeAnew() throws Exception {
    world.undisturbed();
    String json =
        request("a")
            .replace(
                "\"model\"",
                "\"from\": \"tiny@latest\", \"reflow\": {\"pairs\": 8, \"steps\": 2}, \"model\"");
    String sameModel = json.replace("tiny@latest", world.model("whole").model());
    world.worker().handle(world.record(sameModel.replace("\"id\": \"a\"", "\"id\": \"b\"")));
    Line.Fault dies = Crash.at("create", Keys.sample("a", 8));
    Delivery record = world.record(sameModel);
    assertThat(Crash.kills(world.worker("w1", dies), record, dies)).isTrue();
    String part =
        world.store.list(Keys.checkpoints("a")).stream()
            .filter(key -> key.endsWith(".f32"))
            .findFirst()
            .orElseThrow();
    world.store.put(part, new byte[9], "x");
    assertThat(world.worker("w2", Line.Fault.NONE).handle(again(record)))
        .isEqualTo(Settlement.ACCEPT);
    assertThat(world.model("a").weightsSha256()).isEqualTo(world.model("b").weightsSha256());
  }
}
