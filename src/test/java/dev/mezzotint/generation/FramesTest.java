package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.FaultInjector;
import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.sampling.CanvasSampler;
import dev.mezzotint.sampling.SamplingJob;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Jobs whose images are counted by their conditions and named after them. */
class FramesTest extends FramesTestBase {

  @Test
  void zipOfLabelMaps_becomesFramesOfTheSameNames() throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("track/0002.png", map(SKY));
    files.put("track/0001.png", map(ROAD));
    files.put("__MACOSX/track/._0001.png", new byte[7]);
    files.put("track/.DS_Store", new byte[7]);
    put("clip.zip", zip(files));
    JobEvent end = run("\"seed\":5,\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(end.data()).containsEntry("images", 2).doesNotContainKey("failedFrames");
    assertThat(keys())
        .containsExactly("jobs/a/images/track/0001.png", "jobs/a/images/track/0002.png");
    assertThat(world.images("a").images())
        .extracting(image -> image.condition().orElseThrow())
        .containsExactly("track/0001.png", "track/0002.png");
    float[] road = new float[32];
    Arrays.fill(road, 16, 32, 1);
    float[] sky = road.clone();
    road[0] = 1;
    road[16] = 0;
    assertThat(rows.get(0).condition().toFloats()).isEqualTo(road);
    assertThat(rows.get(1).condition().toFloats()).isEqualTo(sky);
    assertThat(rows)
        .extracting(SamplingJob.Row::x0)
        .containsExactly(new SamplingJob.X0.Seeded(5, 0), new SamplingJob.X0.Seeded(5, 1));
  }

  @Test
  void missingListedFile_failsItsFrame_andPrefixIsReadInOrder() throws Exception {
    put("clips/7/0002.png", map(ROAD));
    put("clips/7/0001.png", map(ROAD));
    run("\"condition\":[\"clips/7/0002.png\",\"clips/7/gone.png\",\"clips/7/0001.png\"]");
    assertThat(keys()).containsExactly("jobs/a/images/0002.png", "jobs/a/images/0001.png");
    assertThat(failures()).containsOnlyKeys("gone.png");
    world
        .worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"b\",\"model\":\"streets\",\"condition\":{\"prefix\":\"clips/7/\"}}"));
    assertThat(world.images("b").images())
        .extracting(GeneratedImages.Image::key)
        .containsExactly("jobs/b/images/0001.png", "jobs/b/images/0002.png");
  }

  @Test
  void nearestAndResize_acceptOtherColoursAndSizes() throws Exception {
    put("m.png", map(0x7f3f80, 0x4782b4, 8));
    run("\"condition\":{\"key\":\"m.png\",\"nearest\":true,\"resize\":true}");
    float[] sky = new float[32];
    Arrays.fill(sky, 16, 32, 1);
    // Nearest scaling takes the pixel at the centre of each 2×2 block, which is not the odd one.
    assertThat(rows.get(0).condition().toFloats()).isEqualTo(sky);
  }

  @Test
  void parts_areMatchedByName() throws Exception {
    put("l.zip", zip(Map.of("1.png", map(ROAD), "2.png", map(ROAD), "3.png", map(ROAD))));
    byte[] grey = Png.encode(new Pixels(4, 4, 1, new byte[16]));
    put("d.zip", zip(Map.of("1.jpg", grey, "3.png", grey, "2-renamed.png", grey)));
    run(
        "stacks",
        "\"condition\":{\"parts\":{\"labels\":{\"zip\":\"l.zip\"},\"depth\":{\"zip\":\"d.zip\"}}}");
    assertThat(keys()).containsExactly("jobs/a/images/1.png", "jobs/a/images/3.png");
    assertThat(failures())
        .containsExactly(Map.entry("2.png", "there is no file of this name for depth"));
    float[] seen = rows.get(0).condition().toFloats();
    assertThat(seen).hasSize(6 * 16);
    assertThat(seen[0]).isEqualTo(1);
    assertThat(Arrays.copyOfRange(seen, 32, 48)).containsOnly(-1);
    assertThat(Arrays.copyOfRange(seen, 48, 96)).containsOnly(0); // the part that is left out
  }

  @Test
  void refusesMissingAndUnnamedParts() throws Exception {
    JobEvent end = run("stacks", "\"condition\":\"m.png\"");
    assertThat(String.valueOf(end.data().get("cause")))
        .isEqualTo(
            "condition: model stacks@1 takes several parts: give condition.parts with [labels"
                + " (labels), depth (grey), normals (rgb)]");
    world
        .worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"b\",\"model\":\"stacks\",\"condition\":{\"parts\":{\"labels\":\"x\"}}}"));
    assertThat(world.log.ends("b").get(0).data())
        .containsEntry("cause", "condition.parts.depth is missing: model stacks@1 needs one");
  }

  @Test
  void variations_haveNames_andSharedNoiseIsTheSameInAllFrames() throws Exception {
    clip("1.png", "2.png");
    run(
        "\"condition\":{\"zip\":\"clip.zip\"},\"variations\":2,\"noise\":\"shared\",\"seed\":9,"
            + "\"output\":{\"clip\":true}");
    assertThat(keys())
        .containsExactly(
            "jobs/a/images/1-1.png",
            "jobs/a/images/1-2.png",
            "jobs/a/images/2-1.png",
            "jobs/a/images/2-2.png");
    assertThat(rows)
        .extracting(SamplingJob.Row::x0)
        .containsExactly(
            new SamplingJob.X0.Seeded(9, 0),
            new SamplingJob.X0.Seeded(9, 1),
            new SamplingJob.X0.Seeded(9, 0),
            new SamplingJob.X0.Seeded(9, 1));
    byte[] clip = world.store.get("jobs/a/clip.png").orElseThrow().bytes();
    assertThat(new String(clip, StandardCharsets.ISO_8859_1)).contains("acTL");
    assertThat(ImageReader.read(clip, 3).width()).isEqualTo(2 * 4 + 3 * 2);
  }

  @Test
  void references_addAContactSheet() throws Exception {
    clip("1.png", "2.png");
    put("r.zip", zip(Map.of("2.jpg", map(0xFF0000, 0x00FF00, 8))));
    JobEvent end =
        run(
            "\"condition\":{\"zip\":\"clip.zip\"},\"variations\":2,"
                + "\"references\":{\"zip\":\"r.zip\"}");
    assertThat(end.data()).containsEntry("sheet", "jobs/a/sheet.png");
    Pixels sheet = ImageReader.read(world.store.get("jobs/a/sheet.png").orElseThrow().bytes(), 3);
    assertThat(sheet.width()).isEqualTo(4 * 4 + 5 * 2);
    assertThat(sheet.height()).isEqualTo(2 * 4 + 3 * 2);
    assertThat(colour(sheet, 2, 2)).isEqualTo(ROAD);
    assertThat(colour(sheet, 3, 2)).isEqualTo(SKY);
    assertThat(colour(sheet, 8, 2)).isEqualTo(0xFFFFFF); // no reference
    assertThat(colour(sheet, 11, 11)).isEqualTo(0x00FF00);
    assertThat(world.store.get("jobs/a/manifest.json").orElseThrow().bytes())
        .asString()
        .containsSubsequence("badReferences", "1.png", "there is no reference of this name");
  }

  private static int colour(Pixels pixels, int x, int y) {
    return Palette.colour(pixels.bytes(), 3 * (y * pixels.width() + x));
  }

  @Test
  void inline_putsSmallFilesIntoTheEvent() throws Exception {
    String data = Base64.getEncoder().encodeToString(map(ROAD));
    JobEvent end =
        run(
            "\"condition\":{\"mediaType\":\"image/png\",\"data\":\""
                + data
                + "\"},\"output\":{\"inline\":true}");
    byte[] stored = world.store.get("jobs/a/images/00000.png").orElseThrow().bytes();
    assertThat(end.data().get("inline"))
        .isEqualTo(
            List.of(
                Map.of(
                    "key",
                    "jobs/a/images/00000.png",
                    "mediaType",
                    "image/png",
                    "data",
                    Base64.getEncoder().encodeToString(stored))));
  }

  @Test
  void laterAttempt_samplesOnlyMissingImages() throws Exception {
    String[] names = new String[40];
    for (int i = 0; i < 40; i++) {
      names[i] = "%04d.png".formatted(i);
    }
    clip(names);
    Delivery delivery =
        world.record("{\"id\":\"a\",\"model\":\"streets\",\"condition\":{\"zip\":\"clip.zip\"}}");
    FaultInjector.Fault crash = Crash.at("create", "jobs/a/images/0025.png");
    Crash.kills(world.worker("w0", crash, sampler, Runnable::run), delivery, crash);
    int stored = world.store.list("jobs/a/images/").size();
    assertThat(stored).isEqualTo(25);
    rows.clear();
    world.worker("w1", FaultInjector.Fault.NONE, sampler, Runnable::run).handle(again(delivery));
    world.checkEnded("a");
    assertThat(keys()).hasSize(40);
    assertThat(rows).extracting(SamplingJob.Row::index).startsWith(25).hasSize(15);
  }

  /** The sampler of this test has no directions: a canvas ends as the noise it began with. */
  @Test
  void canvas_hasTheSizeOfItsCondition_andItsTilesTheirPartsOfIt() throws Exception {
    put("wide.png", map(ROAD, SKY, 7));
    world
        .worker(
            "w1",
            FaultInjector.Fault.NONE,
            new CanvasSampler(sampler, Runnable::run),
            Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"a\",\"model\":\"streets\",\"seed\":5,\"canvas\":{\"overlap\":2},"
                    + "\"condition\":\"wide.png\"}"));
    GeneratedImages.Image image = world.images("a").images().get(0);
    assertThat(image.width()).isEqualTo(7);
    assertThat(image.height()).isEqualTo(7);
    Pixels pixels = ImageReader.read(world.store.get(image.key()).orElseThrow().bytes(), 3);
    float[] noise = new float[3 * 49];
    Canvas.noise(5, 0, 3, 0, 0, 7, 7, noise, 0);
    assertThat(pixels.bytes()).isEqualTo(Pixels.fromChw(noise, 0, 3, 7, 7).bytes());
    assertThat(rows).hasSize(4 * 9); // stages and tiles
    float[] corner = rows.get(0).condition().toFloats();
    float[] right = rows.get(1).condition().toFloats();
    assertThat(corner[0]).as("road in the first pixel").isEqualTo(1);
    assertThat(right).hasSize(32).startsWith(0).endsWith(1);
  }
}
