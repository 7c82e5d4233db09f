package dev.mezzotint.generation.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.generation.Plan;
import dev.mezzotint.generation.World;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.sampling.NoiseSampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.RefusedKeyException;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Input images of a request, by key or inline. */
class InputLoaderTest {
  private final World world = new World();
  private final List<SamplingJob.Row> rows = new ArrayList<>();
  private final NoiseSampler sampler =
      new NoiseSampler() {
        @Override
        public Running submit(SamplingJob job, RowListener listener) {
          rows.addAll(job.rows());
          return super.submit(job, listener);
        }
      };

  private static byte[] image(int seed, int width, int height) {
    byte[] bytes = new byte[width * height * 3];
    new Random(seed).nextBytes(bytes);
    return Png.encode(new Pixels(width, height, 3, bytes));
  }

  private static float[] values(int seed) {
    byte[] bytes = new byte[48];
    new Random(seed).nextBytes(bytes);
    float[] chw = new float[48];
    new Pixels(4, 4, 3, bytes).toChw(chw, 0);
    return chw;
  }

  private JobEvent run(String json, FaultInjector.Fault fault) throws InterruptedException {
    world.worker("w1", fault, sampler, Runnable::run).handle(world.record(json));
    world.checkEnded("a");
    return world.log.ends("a").get(0);
  }

  private JobEvent run(String more) throws InterruptedException {
    return run("{\"id\":\"a\",\"model\":\"maps\"," + more + "}", FaultInjector.Fault.NONE);
  }

  @Test
  void listedConditions_areAssignedInOrder() throws Exception {
    StringBuilder keys = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      world.store.put("inputs/" + i + ".png", image(i, 4, 4), "image/png");
      keys.append(i == 0 ? "" : ",").append("\"inputs/").append(i).append(".png\"");
    }
    assertThat(run("\"count\":40,\"condition\":[" + keys + "]").type())
        .isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(rows).hasSize(40);
    for (int i = 0; i < 40; i++) {
      assertThat(rows.get(i).condition().toFloats()).as("row %s", i).isEqualTo(values(i));
    }
  }

  @Test
  void sharedCondition_isReadOnce() throws Exception {
    world.store.put("inputs/map.png", image(7, 4, 4), "image/png");
    AtomicInteger reads = new AtomicInteger();
    FaultInjector.Fault count =
        (after, call, subject) -> {
          if (!after && subject.equals("inputs/map.png")) {
            reads.incrementAndGet();
          }
        };
    run("{\"id\":\"a\",\"model\":\"maps\",\"count\":9,\"condition\":\"inputs/map.png\"}", count);
    assertThat(reads.get()).isEqualTo(1);
    assertThat(rows)
        .hasSize(9)
        .allSatisfy(r -> assertThat(r.condition().toFloats()).isEqualTo(values(7)));
  }

  @Test
  void checksSizeAndChecksum() throws Exception {
    byte[] file = image(7, 4, 4);
    world.store.put("inputs/map.png", file, "image/png");
    String claim =
        "\"condition\":{\"key\":\"inputs/map.png\",\"size\":%d,\"sha256\":\"%s\"}"
            .formatted(file.length, Sha256.sha256(file));
    assertThat(run(claim).type()).isEqualTo(JobEvent.Type.COMPLETED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"key\":\"in.png\",\"size\":7} | has 1",
        "{\"key\":\"in.png\",\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}"
            + " | has SHA-256 ",
        "{\"key\":\"other.png\"} | there is no object other.png in the bucket",
        "{\"key\":\"wide.png\"} | is 8x4 pixels: model maps@1 takes 4x4",
        "{\"key\":\"text.png\"} | neither a PNG nor a JPEG",
      })
  void invalidImage_failsTheJobWithItsCause(String reference, String cause) throws Exception {
    world.store.put("in.png", image(7, 4, 4), "image/png");
    world.store.put("wide.png", image(7, 8, 4), "image/png");
    world.store.put("text.png", "no image".getBytes(), "image/png");
    JobEvent end = run("\"count\":2,\"condition\":[{\"key\":\"in.png\"}," + reference + "]");
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", "condition[1]");
    assertThat(String.valueOf(end.data().get("cause"))).contains(cause).contains("condition[1]");
    assertThat(world.log.deadLetters()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"condition\":\"refused/a.png\" | condition",
        "\"count\":2,\"condition\":[\"in.png\",\"refused/a.png\"] | condition[1]",
        "\"condition\":{\"prefix\":\"refused/\"} | condition",
        "\"condition\":{\"zip\":\"refused/a.zip\"} | condition",
        "\"condition\":\"in.png\",\"init\":{\"image\":\"refused/a.png\",\"alpha\":0.5} | init.image",
      })
  void keyThatTheStoreRefuses_failsTheJobAtOnce_namingFieldKeyAndAnswer(String more, String field)
      throws Exception {
    world.store.put("in.png", image(7, 4, 4), "image/png");
    AtomicInteger calls = new AtomicInteger();
    FaultInjector.Fault refuse =
        (after, call, subject) -> {
          if (!after && subject.startsWith("refused/")) {
            calls.incrementAndGet();
            throw new RefusedKeyException(
                "no", "the store answers 400 BadKey about " + subject, new IOException());
          }
        };
    JobEvent end = run("{\"id\":\"a\",\"model\":\"maps\"," + more + "}", refuse);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", field);
    assertThat(String.valueOf(end.data().get("cause")))
        .contains("the store answers 400 BadKey about refused/")
        .startsWith(field);
    assertThat(calls).hasValue(1);
    assertThat(world.jobRecord("a").attempts()).isEqualTo(1);
  }

  @Test
  void labelMap_becomesOneChannelPerClass() throws Exception {
    world.store.put("map.png", map(0x87ceeb, 0x0000e6), "image/png");
    JobEvent end =
        run(
            "{\"id\":\"a\",\"model\":\"segments\",\"condition\":\"map.png\"}",
            FaultInjector.Fault.NONE);
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    float[] seen = rows.get(0).condition().toFloats();
    assertThat(seen).hasSize(3 * 16);
    for (int pixel = 0; pixel < 16; pixel++) {
      assertThat(new float[] {seen[pixel], seen[16 + pixel], seen[32 + pixel]})
          .containsExactly(pixel < 8 ? 1 : 0, 0, pixel < 8 ? 0 : 1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GIF89a | is a GIF file: PNG, JPEG and WebP are read",
        "version https://git-lfs.github.com/spec/v1 | is a pointer of git-lfs",
      })
  void conditionMaskAndInit_areRefusedByName(String content, String reason) throws Exception {
    world.store.put("map.png", content.getBytes(), "image/png");
    world.store.put("init.png", image(5, 4, 4), "image/png");
    String init = "\"init\":{\"alpha\":0.5,\"image\":\"%s\"}";
    List<String> fields =
        List.of(
            "\"model\":\"segments\",\"condition\":\"map.png\"",
            "\"model\":\"tiny\"," + init.formatted("map.png"),
            "\"model\":\"tiny\",\"mask\":\"map.png\"," + init.formatted("init.png"));
    for (int i = 0; i < fields.size(); i++) {
      String id = "id" + i;
      world
          .worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run)
          .handle(world.record("{\"id\":\"" + id + "\"," + fields.get(i) + "}"));
      JobEvent end = world.log.ends(id).get(0);
      assertThat(end.type()).as(fields.get(i)).isEqualTo(JobEvent.Type.FAILED);
      assertThat(String.valueOf(end.data().get("cause"))).contains(reason);
    }
  }

  @Test
  void unknownColour_failsTheJobAndIsNamed() throws Exception {
    world.store.put("map.png", map(0x87ceeb, 0x123456), "image/png");
    JobEvent end =
        run(
            "{\"id\":\"a\",\"model\":\"segments\",\"condition\":\"map.png\"}",
            FaultInjector.Fault.NONE);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", "condition");
    assertThat(String.valueOf(end.data().get("cause"))).contains("#123456");
  }

  @ParameterizedTest
  @CsvSource({"segments, COMPLETED", "maps, FAILED"})
  void guidance_needsAModelTrainedWithoutCondition(String model, JobEvent.Type type)
      throws Exception {
    world.store.put("map.png", map(0x87ceeb, 0x0000e6), "image/png");
    JobEvent end =
        run(
            "{\"id\":\"a\",\"model\":\"MODEL\",\"condition\":\"map.png\",\"guidance\":2}"
                .replace("MODEL", model),
            FaultInjector.Fault.NONE);
    assertThat(end.type()).isEqualTo(type);
    assertThat(type == JobEvent.Type.COMPLETED || "guidance".equals(end.data().get("field")))
        .isTrue();
  }

  /** The upper half in one colour, the lower in another. */
  private static byte[] map(int upper, int lower) {
    byte[] rgb = new byte[3 * 16];
    for (int pixel = 0; pixel < 16; pixel++) {
      int colour = pixel < 8 ? upper : lower;
      rgb[3 * pixel] = (byte) (colour >> 16);
      rgb[3 * pixel + 1] = (byte) (colour >> 8);
      rgb[3 * pixel + 2] = (byte) colour;
    }
    return Png.encode(new Pixels(4, 4, 3, rgb));
  }

  @Test
  void init_startsFromTheBlend() throws Exception {
    String data = Base64.getEncoder().encodeToString(image(5, 4, 4));
    JobEvent end =
        run(
            "{\"id\":\"a\",\"model\":\"tiny\",\"seed\":3,\"count\":2,\"steps\":3,\"init\":{\"alpha\":0.25,"
                + "\"image\":{\"mediaType\":\"image/png\",\"data\":\""
                + data
                + "\"}}}",
            FaultInjector.Fault.NONE);
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    for (int i = 0; i < 2; i++) {
      float[] expected = new float[48];
      Noise.gaussian(3, i, expected, 0, 48);
      Iadb.blend(expected.clone(), values(5), 0.25, expected);
      float[] start = new float[48];
      rows.get(i).x0().write(start, 0, 48);
      assertThat(start).isEqualTo(expected);
    }
  }

  @Test
  void unavailableStore_isRetriedWhileReadingAnImage() throws Exception {
    world.store.put("in.png", image(7, 4, 4), "image/png");
    AtomicInteger failures = new AtomicInteger();
    FaultInjector.Fault twice =
        (after, call, subject) -> {
          if (subject.equals("in.png") && failures.get() < 2) {
            failures.incrementAndGet();
            throw new StorageException("away");
          }
        };
    JobEvent end = run("{\"id\":\"a\",\"model\":\"maps\",\"condition\":\"in.png\"}", twice);
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(world.jobRecord("a").attempts()).isEqualTo(1);
  }

  /** Black is kept, white is repainted. */
  @Test
  void mask_keepsBlackPixels() throws Exception {
    world.store.put("inputs/map.png", image(7, 4, 4), "image/png");
    world.store.put("inputs/face.png", image(8, 4, 4), "image/png");
    byte[] grey = new byte[16];
    grey[5] = (byte) 255;
    world.store.put("inputs/mask.png", Png.encode(new Pixels(4, 4, 1, grey)), "image/png");
    run(
        "\"steps\":3,\"sampler\":\"ab2\",\"condition\":\"inputs/map.png\","
            + "\"init\":{\"image\":\"inputs/face.png\",\"alpha\":0},"
            + "\"mask\":\"inputs/mask.png\"");
    assertThat(rows).hasSize(1);
    float[] x = new float[48];
    int stages = 3 * (1 + Plan.INPAINTING_REPEATS);
    assertThat(rows.get(0).hook().wantsStage(stages)).isTrue();
    assertThat(rows.get(0).hook().afterStage(stages, x)).isTrue();
    float[] known = values(8);
    for (int k = 0; k < 48; k++) {
      assertThat(x[k]).isEqualTo(k % 16 == 5 ? 0 : known[k]);
    }
  }

  @Test
  void trajectory_isInTheImagesOwnFile() throws Exception {
    world.store.put("inputs/map.png", image(7, 4, 4), "image/png");
    assertThat(run("\"condition\":\"inputs/map.png\",\"output\":{\"trajectory\":true}").type())
        .isEqualTo(JobEvent.Type.COMPLETED);
    byte[] file = world.store.get(Keys.image("a", 0)).orElseThrow().bytes();
    assertThat(new String(file, java.nio.charset.StandardCharsets.ISO_8859_1)).contains("acTL");
    assertThat(ImageReader.read(file, 3).width()).isEqualTo(4);
    assertThat(rows.get(0).hook().wantsStage(rows.size())).isTrue();
  }
}
