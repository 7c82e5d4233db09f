package dev.mezzotint.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.worker.Tail.Letter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One worker on a real broker, a real store and the real engine, for the whole class. */
class WorkerTest {

  @TempDir static Path folder;

  private static Site site;
  private static Worker worker;
  private static Tail events;
  private static Tail dead;

  @BeforeAll
  static void start() throws IOException {
    site = new Site(folder);
    BrokenModels.in(site.models());
    WorkerConfig settings = site.settings("one");
    worker = Worker.start(settings, Endpoints.open(settings));
    events = site.tail(site.topics().events());
    dead = site.tail(site.topics().deadLetters());
  }

  @AfterAll
  static void stop() {
    events.close();
    dead.close();
    long before = System.nanoTime();
    worker.close();
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(20));
    assertThat(worker.ready()).isFalse();
    site.close();
  }

  private static String request(String id, String more) {
    return "{\"id\":\"" + id + "\",\"model\":\"iadb_defaults\"" + more + "}";
  }

  private static Letter completed(String id) {
    return events.await("completed event of " + id, letter -> letter.is("completed", id));
  }

  private static List<byte[]> pictures(String id, int count) {
    List<byte[]> pictures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pictures.add(site.object(Keys.image(id, i)));
    }
    return pictures;
  }

  private static Map<String, String> etags(String id) {
    Map<String, String> etags = new LinkedHashMap<>();
    for (String key : site.store().list(Keys.job(id))) {
      etags.put(key, site.store().stat(key).orElseThrow().etag());
    }
    return etags;
  }

  @Test
  void request_becomesImagesManifestAndEvents() {
    site.send(request("one", ",\"count\":4,\"seed\":7,\"steps\":8,\"output\":{\"grid\":true}"));

    Letter end = completed("one");
    List<Letter> all = events.now(letter -> letter.text("jobId").equals("one"));
    List<String> words = all.stream().map(letter -> letter.text("type")).toList();
    assertThat(words).startsWith("accepted", "started").endsWith("completed").hasSizeLessThan(99);
    assertThat(words.subList(2, words.size() - 1)).allMatch("progressed"::equals);
    List<Long> sequences =
        all.stream().map(letter -> letter.json().integer("sequence", 0, 1L << 40, -1)).toList();
    assertThat(sequences).isSorted().doesNotHaveDuplicates().startsWith(1_000_001L, 1_000_002L);
    assertThat(all.get(1).text("worker")).isEqualTo("one");
    assertThat(end.headers())
        .containsEntry("ce_type", "dev.mezzotint.job.completed")
        .containsEntry("ce_subject", "one")
        .containsEntry("ce_id", end.text("id"));

    JsonObject manifest = JsonObject.parse(site.object(Keys.manifest("one")));
    assertThat(manifest.requiredString("state")).isEqualTo("completed");
    List<JsonObject> images = manifest.objects("images", 10).orElseThrow();
    assertThat(images).hasSize(4);
    assertThat(site.store().list(Keys.job("one"))).hasSize(4 + 3);
    assertThat(site.object(Keys.grid("one"))).startsWith(0x89, 'P', 'N', 'G');
  }

  @Test
  void images_areThoseOfTheCommandLine() throws Exception {
    site.send(request("same", ",\"count\":5,\"seed\":11,\"steps\":6,\"sampler\":\"heun\""));
    completed("same");

    assertThat(pixels(pictures("same", 5)))
        .usingElementComparator(Arrays::compare)
        .isEqualTo(generate(/* count= */ 5, /* seed= */ 11, Solver.HEUN, /* steps= */ 6));
  }

  private static List<byte[]> pixels(List<byte[]> files) throws IOException {
    List<byte[]> pixels = new ArrayList<>();
    for (byte[] file : files) {
      pixels.add(ImageReader.read(file, 3).bytes());
    }
    return pixels;
  }

  /** As {@code generate} does it: a step loop of one's own on the files of the folder. */
  private static List<byte[]> generate(int count, long seed, Solver solver, int steps)
      throws Exception {
    ModelFiles files = ModelFolder.openPath(Site.TINY);
    ModelResolver library = ModelResolver.of(TorchDevice.open("cpu", 0), files);
    ModelInfo model = ModelInfo.of(files);
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(SamplingJob.Row.seeded(i, seed, i));
    }
    byte[][] pictures = new byte[count][];
    CompletableFuture<Void> over = new CompletableFuture<>();
    Sampler.RowListener listener =
        new Sampler.RowListener() {
          private int finished;

          @Override
          public void advanced(int stages) {}

          @Override
          public void finished(int row, float[] chw) {
            pictures[row] =
                Pixels.fromChw(chw, 0, model.channels(), model.height(), model.width()).bytes();
            if (++finished == count) {
              over.complete(null);
            }
          }

          @Override
          public void failed(RuntimeException cause) {
            over.completeExceptionally(cause);
          }
        };
    try (StepLoop loop = new StepLoop(library, StepLoopSettings.of(16))) {
      loop.submit(
          new SamplingJob(
              "direct",
              model,
              rows,
              solver.stages(AlphaSchedule.parse("uniform").alphas(steps)),
              OptionalInt.empty(),
              Priority.NORMAL,
              "",
              Optional.empty()),
          listener);
      over.get(60, TimeUnit.SECONDS);
    }
    return List.of(pictures);
  }

  @Test
  void theSameRequestTwiceIsOneJob() {
    String request = request("twice", ",\"count\":3,\"steps\":5");
    site.send(request);
    String first = completed("twice").text("id");
    Map<String, String> standing = etags("twice");

    // The same members in another order are the same request.
    site.send("{\"steps\":5, \"count\":3, \"model\":\"iadb_defaults\", \"id\":\"twice\"}");
    List<Letter> ends = events.await("ends", 2, letter -> letter.is("completed", "twice"));
    site.send(request.replace("twice", "twin"));
    completed("twin");

    assertThat(ends).extracting(letter -> letter.text("id")).containsExactly(first, first);
    assertThat(ends.get(1).value()).isEqualTo(ends.get(0).value());
    assertThat(etags("twice")).isEqualTo(standing).hasSize(3 + 2);
    assertThat(events.now(letter -> letter.is("started", "twice"))).hasSize(1);
    assertThat(pictures("twin", 3))
        .usingElementComparator(Arrays::compare)
        .isEqualTo(pictures("twice", 3));
  }

  @Test
  void anotherRequestUnderAKnownIdIsRejectedAndTouchesNothing() {
    site.send(request("mine", ",\"count\":2,\"steps\":4"));
    completed("mine");
    Map<String, String> standing = etags("mine");

    long offset = site.send(request("mine", ",\"count\":3,\"steps\":4")).offset();

    Letter rejected = events.await("rejection", letter -> letter.is("rejected", "mine"));
    assertThat(rejected.text("id")).endsWith("/0/" + offset);
    assertThat(rejected.text("cause")).contains("mine belongs to another request");
    assertThat(dead.await("dead letter", letter -> letter.copies(offset)).headers())
        .containsEntry("mezzotint-field", "id")
        .containsEntry("mezzotint-job", "mine");
    assertThat(etags("mine")).isEqualTo(standing);
    assertThat(events.now(letter -> letter.is("failed", "mine"))).isEmpty();
  }

  @Test
  void aBadFieldFailsItsJobAndIsNamed() {
    Map<String, String> bad = new LinkedHashMap<>(); // field to the rest of a request
    bad.put("steps", ",\"steps\":0");
    bad.put("count", ",\"count\":-1");
    bad.put("count ", ",\"count\":1000000000");
    bad.put("count  ", ",\"count\":1e400");
    bad.put("count   ", ",\"count\":\"four\"");
    bad.put("stpes", ",\"stpes\":8");
    bad.put("seeds", ",\"seeds\":{}");
    bad.put("seed", ",\"seed\":1.5");
    bad.put("sampler", ",\"sampler\":\"ddim\"");
    bad.put("output", ",\"output\":[1]");
    bad.put("condition", ",\"condition\":\"../../etc/passwd\"");
    bad.put("classLabel", ",\"classLabel\":3");
    bad.put("deadline", ",\"deadline\":\"soon\"");
    Map<String, String> requests = new LinkedHashMap<>();
    int n = 0;
    for (Map.Entry<String, String> one : bad.entrySet()) {
      requests.put("bad-" + n++ + " " + one.getKey().strip(), one.getValue());
    }
    Map<String, Long> offsets = new LinkedHashMap<>();
    requests.forEach(
        (name, more) -> offsets.put(name, site.send(request(name.split(" ")[0], more)).offset()));
    for (String model : List.of("no-such-model", "../iadb_defaults", "iadb_defaults@", "a/b")) {
      String id = "bad-" + n++;
      String json = "{\"id\":\"" + id + "\",\"model\":\"" + model + "\"}";
      offsets.put(id + " model", site.send(json).offset());
    }
    offsets.put("bad-" + n + " model", site.send("{\"id\":\"bad-" + n + "\"}").offset());

    offsets.forEach(
        (name, offset) -> {
          String id = name.split(" ")[0];
          String field = name.split(" ")[1];
          Letter failed = events.await("failure of " + name, letter -> letter.is("failed", id));
          assertThat(failed.text("field")).as(name).startsWith(field);
          assertThat(failed.text("cause")).as(name).contains(field);
          Letter letter = dead.await("dead letter of " + name, l -> l.copies(offset));
          assertThat(letter.headers())
              .containsEntry("mezzotint-field", failed.text("field"))
              .containsEntry("mezzotint-cause", failed.text("cause"))
              .containsEntry("mezzotint-job", id)
              .containsEntry("mezzotint-topic", site.topics().generationRequests());
        });
    assertThat(worker.ready()).isTrue();
    goesOn("after-bad-fields");
  }

  @Test
  void invalidRecords_areRejected() {
    byte[] noise = new byte[2 << 20];
    new Random(1).nextBytes(noise);
    List<byte[]> values = new ArrayList<>();
    for (String text :
        List.of(
            "not JSON",
            "[{\"id\":\"in-a-list\"}]",
            "\"text\"",
            "{\"id\":\"half",
            "{\"model\":\"iadb_defaults\"}",
            request("../x", ""),
            request("x".repeat(129), ""),
            "{\"id\":5,\"model\":\"iadb_defaults\"}",
            "{\"id\":null,\"model\":\"iadb_defaults\"}",
            "{\"id\":\"a1\",\"id\":\"a2\",\"model\":\"iadb_defaults\"}",
            "[".repeat(200_000),
            request("deep", ",\"condition\":" + "[".repeat(5_000) + "]".repeat(5_000)),
            request("large", ",\"tenant\":\"" + "x".repeat(2 << 20) + "\""))) {
      values.add(text.getBytes(StandardCharsets.UTF_8));
    }
    values.add(new byte[0]);
    values.add(noise);
    values.add(new byte[] {'{', (byte) 0xff, (byte) 0xfe, 0, '}'});
    values.add(null);

    for (byte[] value : values) {
      long offset = site.send(value).offset();
      String what =
          value == null
              ? "null"
              : new String(value, 0, Math.min(value.length, 60), StandardCharsets.UTF_8);
      Letter rejected =
          events.await(
              "rejection of " + what,
              letter ->
                  letter.text("type").equals("rejected")
                      && letter.text("id").endsWith("/0/" + offset));
      assertThat(rejected.text("jobId")).as(what).isEmpty();
      assertThat(rejected.text("cause")).as(what).isNotEmpty().hasSizeLessThan(500);
      Letter letter = dead.await("dead letter of " + what, l -> l.copies(offset));
      assertThat(letter.headers())
          .containsEntry("mezzotint-cause", rejected.text("cause"))
          .containsEntry("mezzotint-field", rejected.text("field"));
      assertThat(letter.value()).as(what).isEqualTo(value == null ? new byte[0] : value);
    }
    assertThat(site.store().list("jobs/deep")).isEmpty();
    assertThat(worker.ready()).isTrue();
    goesOn("after-noise");
  }

  private static void goesOn(String id) {
    site.send(request(id, ",\"steps\":2"));
    completed(id);
  }

  @Test
  void brokenModelsFailTheirOwnJobsAndNameTheTensor() {
    site.send(request("beside", ",\"count\":4,\"steps\":200"));
    Map<String, String> causes =
        Map.of(
            "truncated",
            "",
            "missing",
            "\"" + BrokenModels.TENSOR + "\" is missing",
            "misshapen",
            "\"" + BrokenModels.TENSOR + "\" must have shape",
            "no-config",
            "config.json");
    causes
        .keySet()
        .forEach(name -> site.send("{\"id\":\"" + name + "\",\"model\":\"" + name + "\"}"));

    causes.forEach(
        (name, cause) -> {
          Letter failed = events.await("failure of " + name, letter -> letter.is("failed", name));
          assertThat(failed.text("field")).as(name).isEqualTo("model");
          assertThat(failed.text("cause")).contains(name).contains(cause);
        });
    String truncated =
        events.await("failure", letter -> letter.is("failed", "truncated")).text("cause");
    assertThat(SafeTensors.read(Site.TINY.resolve(BrokenModels.WEIGHTS)).keySet())
        .anyMatch(tensor -> truncated.contains("\"" + tensor + "\""));
    completed("beside");
    goesOn("after-broken-models");
  }

  @Test
  void modelsComeFromTheStoreByVersionAndAsTheLatest() throws IOException {
    Path local = folder.resolve("stored-tiny");
    Site.copy(Site.TINY, local);
    ModelFiles files = ModelFolder.openPath(local);
    new StoredModels(site.store(), folder.resolve("unused"), Long.MAX_VALUE).publish(files, local);
    String version = "stored-tiny@" + files.version();
    String more = ",\"count\":2,\"steps\":4";
    List<String> references = List.of("stored-tiny", version, "stored-tiny@latest");

    site.send(request("bundled", more));
    for (int i = 0; i < references.size(); i++) {
      String json = request("stored-" + i, more);
      site.send(json.replace("iadb_defaults", references.get(i)));
    }
    site.send(request("unknown-version", "").replace("iadb_defaults", "stored-tiny@0"));

    completed("bundled");
    for (int i = 0; i < references.size(); i++) {
      assertThat(completed("stored-" + i).text("model")).isEqualTo(version);
      assertThat(pixels(pictures("stored-" + i, 2)))
          .usingElementComparator(Arrays::compare)
          .isEqualTo(pixels(pictures("bundled", 2)));
    }
    Letter failed = events.await("failure", letter -> letter.is("failed", "unknown-version"));
    assertThat(failed.text("field")).isEqualTo("model");
    assertThat(failed.text("cause")).contains("stored-tiny@0");
  }
}
