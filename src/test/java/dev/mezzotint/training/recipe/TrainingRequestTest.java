package dev.mezzotint.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.WebhookHosts;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.training.DataCache;
import dev.mezzotint.training.DivergenceDetector;
import dev.mezzotint.training.TrainingSettings;
import dev.mezzotint.training.TrainingWorld;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Validation of training requests and of their data sets. */
class TrainingRequestTest {
  private static final String REFERENCE = "\"reference\": \"datasets/squares.zip\"";

  @TempDir Path folder;
  private TrainingWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new TrainingWorld(folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"colour\": 1 | colour",
        "\"keepLast\": 0 | keepLast",
        "\"keepEvery\": -1 | keepEvery",
        "\"priority\": \"urgent\" | priority",
        "\"deadline\": \"soon\" | deadline",
        "\"tenant\": \"a b\" | tenant",
      })
  void refusalNamesTheField(String member, String field) {
    String json = TrainingWorld.request("a").replace("{\"id\"", "{" + member + ", \"id\"");
    assertRefused(json, field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"reference\": \"/etc/passwd\" | dataset.reference",
        "\"reference\": \"a/../b.zip\" | dataset.reference",
        "\"reference\": 7 | dataset.reference",
        "\"reference\": {} | dataset.reference.key",
        "\"reference\": {\"key\": \"a.zip\", \"local\": \"b\"} | dataset.reference.key",
        "\"reference\": {\"local\": \"/data\"} | dataset.reference.local",
        "\"reference\": {\"local\": \"../data\"} | dataset.reference.local",
        "\"reference\": {\"key\": \"a.zip\", \"sha256\": \"x\"} | dataset.reference.sha256",
        "\"reference\": {\"key\": \"a/\", \"size\": 3} | dataset.reference.size",
        "\"reference\": {\"key\": \"a.zip\", \"x\": 3} | dataset.reference.x",
        "\"labels\": \"none\" | dataset.reference",
      })
  void refusalOfReference_namesTheField(String member, String field) {
    assertRefused(TrainingWorld.request("a").replace(REFERENCE, member), field);
  }

  private static void assertRefused(String json, String field) {
    assertThatThrownBy(() -> TrainingRequest.parse(JsonObject.parse(json), TrainingLimits.DEFAULT))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> {
              assertThat(e.field()).isEqualTo(field);
              assertThat(e.getMessage()).doesNotContain("\n");
            });
  }

  @Test
  void batch_aboveTheLimit_isRefused() {
    TrainingLimits strict = new TrainingLimits(1 << 20, 1_000, 100, WebhookHosts.ANY);
    assertThatThrownBy(
            () -> TrainingRequest.parse(JsonObject.parse(TrainingWorld.request("a")), strict))
        .hasMessage("batchSize 6 with images of 8x8 makes 1152 values, at most 100 are allowed");
  }

  /** Handles a job that must fail without retry; returns its cause. */
  private String failureOf(String id, String json) throws InterruptedException {
    Delivery record = world.record(json);
    world.worker().handle(record);
    assertThat(world.manifest(id).state()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(world.manifest(id).field()).isEqualTo("dataset.reference");
    assertThat(world.log.deadLetters()).anyMatch(letter -> letter.jobId().equals(id));
    return world.manifest(id).cause();
  }

  private String at(String id, String reference) {
    return TrainingWorld.request(id).replace(REFERENCE, "\"reference\": " + reference);
  }

  @Test
  void unusableDatasets_failAtOnce_withTheReason() throws Exception {
    assertThat(failureOf("missing", at("missing", "\"datasets/no.zip\"")))
        .isEqualTo(
            "dataset.reference datasets/no.zip is not an object in the bucket; a prefix ends in"
                + " '/'");
    assertThat(failureOf("nothing", at("nothing", "\"datasets/none/\"")))
        .isEqualTo("dataset.reference datasets/none/ has no objects in the bucket");
    world.store.put("datasets/empty.zip", TrainingWorld.zip(0, 8), "application/zip");
    assertThat(failureOf("empty", at("empty", "\"datasets/empty.zip\"")))
        .startsWith("dataset.reference datasets/empty.zip ")
        .doesNotContain(folder.toString());
    world.store.put("datasets/one.zip", TrainingWorld.zip(1, 8), "application/zip");
    assertThat(failureOf("one", at("one", "\"datasets/one.zip\"")))
        .isEqualTo("dataset.reference datasets/one.zip has one image: training needs at least two");
    world.store.put("datasets/text.zip", new byte[100], "application/zip");
    assertThat(failureOf("text", at("text", "\"datasets/text.zip\"")))
        .startsWith("dataset.reference datasets/text.zip ")
        .doesNotContain(folder.toString());
    String wrong = "{\"key\": \"datasets/squares.zip\", \"sha256\": \"" + "0".repeat(64) + "\"}";
    assertThat(failureOf("sha", at("sha", wrong))).contains("SHA-256");
    assertThat(failureOf("size", at("size", "{\"key\": \"datasets/squares.zip\", \"size\": 3}")))
        .contains("not the 3 of the request");
  }

  @Test
  void dataset_largerThanTheCache_isRefused() throws Exception {
    world
        .worker(world.cacheLimit("w1", 100), FaultInjector.Fault.NONE)
        .handle(world.record(TrainingWorld.request("a")));
    assertThat(world.manifest("a").cause()).contains("more than the 100 that workers keep");
  }

  @Test
  void trainsOnTheObjectsOfAPrefix() throws Exception {
    for (int i = 0; i < 20; i++) {
      world.store.put(
          "images/set/square-%02d.png".formatted(i), TrainingWorld.square(i, 8), "image/png");
    }
    world.worker().handle(world.record(at("folder", "\"images/set/\"")));
    world.checkCompleted("folder");
    world.worker().handle(world.record(TrainingWorld.request("zip")));
    assertThat(world.model("folder").weightsSha256()).isEqualTo(world.model("zip").weightsSha256());
  }

  @Test
  void localDataset_mustBeInTheConfiguredFolder() throws Exception {
    Path open = Files.createDirectories(folder.resolve("open"));
    Files.write(open.resolve("squares.zip"), TrainingWorld.zip(20, 8));
    Files.createSymbolicLink(open.resolve("out"), folder);
    String inside = at("a", "{\"local\": \"squares.zip\"}");
    assertThat(failureOf("a", inside)).contains("MEZZOTINT_DATASETS");
    TrainingSettings settings = world.datasetFolder("w1", open);
    var worker = world.worker(settings, FaultInjector.Fault.NONE);
    worker.handle(world.record(at("b", "{\"local\": \"squares.zip\"}")));
    world.checkCompleted("b");
    worker.handle(world.record(at("c", "{\"local\": \"out/open/../open\"}")));
    assertThat(world.manifest("c").field()).isEqualTo("dataset.reference.local");
    worker.handle(world.record(at("d", "{\"local\": \"out\"}")));
    assertThat(world.manifest("d").cause()).contains("is not among the data sets");
  }

  @Test
  void datasetThatChangesDuringTheJob_failsIt() throws Exception {
    Delivery record = world.record(TrainingWorld.request("a"));
    FaultInjector.Fault drains =
        (after, call, subject) -> {
          if (after && call.equals("upload") && subject.contains("/checkpoints/")) {
            record.drain();
          }
        };
    world.worker("w1", drains).handle(record);
    world.store.put(TrainingWorld.DATA, TrainingWorld.zip(21, 8), "application/zip");
    world.worker().handle(TrainingWorld.again(record));
    assertThat(world.manifest("a").cause()).contains("has changed since the job started");
    // Its checkpoints are kept.
    assertThat(world.store.get(Keys.latestCheckpoint("a"))).isPresent();
  }

  @Test
  void cache_evictsLeastRecentlyUsedDatasets() throws Exception {
    byte[] one = TrainingWorld.zip(20, 8);
    TrainingSettings settings = world.cacheLimit("w1", 2L * one.length + 10);
    for (String name : new String[] {"s1", "s2", "s3"}) {
      world.store.put("datasets/" + name + ".zip", one, "application/zip");
      DataCache cache =
          new DataCache(world.store, settings.cacheFolder(), settings.cacheBytesMax());
      cache.lease(JsonReference.of("\"datasets/" + name + ".zip\""), () -> {}).close();
      Thread.sleep(5); // used later than the one before
    }
    try (var entries = Files.list(settings.cacheFolder())) {
      assertThat(entries.filter(Files::isDirectory)).hasSize(2);
    }
    DataCache cache = new DataCache(world.store, settings.cacheFolder(), settings.cacheBytesMax());
    try (DataCache.Lease lease = cache.lease(JsonReference.of("\"datasets/s3.zip\""), () -> {})) {
      assertThat(lease.path()).hasBinaryContent(one);
    }
  }

  /** Parses a reference as requests contain it. */
  private static final class JsonReference {
    static DatasetReference of(String json) {
      return DatasetReference.parse(JsonObject.parse("{\"r\": " + json + "}"), "r").orElseThrow();
    }
  }

  @Test
  void divergence_isDistinguishedFromARoughLoss() {
    DivergenceDetector rough = new DivergenceDetector(0);
    for (int i = 1; i <= 1000; i++) {
      rough.add(i, i % 50 == 0 ? 5 : 1.0 / i + 0.5);
    }
    DivergenceDetector wild = new DivergenceDetector(0);
    for (int i = 1; i <= 200; i++) {
      wild.add(i, 1);
    }
    assertThatThrownBy(
            () -> {
              for (int i = 201; i <= 400; i++) {
                wild.add(i, 100);
              }
            })
        .hasMessageStartingWith("training diverged at step 205: the running loss is");
  }
}
