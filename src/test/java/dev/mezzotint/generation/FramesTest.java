package dev.mezzotint.generation;

import static dev.mezzotint.generation.World.again;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.delivery.Crash;
import dev.mezzotint.delivery.Line;
import dev.mezzotint.delivery.Pictures;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Delivery;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs whose pictures are counted by their conditions and named after them. */
class FramesTest {
  private static final Palette PALETTE = Palette.of("road #804080", "sky #4682b4");
  private static final int ROAD = 0x804080;
  private static final int SKY = 0x4682b4;

  private final World world = new World();
  private final List<SamplingJob.Row> rows = new ArrayList<>();
  private final NoiseSampling seeing =
      new NoiseSampling() {
        @Override
        public Running submit(SamplingJob job, RowListener listener) {
          rows.addAll(job.rows());
          return super.submit(job, listener);
        }
      };

  FramesTest() {
    ConditionPart labels = labels();
    seeing.put(model("streets", List.of(labels)));
    seeing.put(
        model(
            "stacks",
            List.of(
                labels,
                new ConditionPart("depth", ConditionPart.Kind.GREY, 1),
                new ConditionPart(
                    "normals",
                    ConditionPart.Kind.RGB,
                    3,
                    Optional.empty(),
                    /* optional= */ true))));
  }

  private static ConditionPart labels() {
    return new ConditionPart(
        "labels", ConditionPart.Kind.LABELS, 2, Optional.of(PALETTE), /* optional= */ false);
  }

  private static ModelInfo model(String name, List<ConditionPart> parts) {
    return new ModelInfo(
        name,
        "1",
        3,
        4,
        4,
        OptionalInt.empty(),
        parts,
        4,
        Solver.EULER,
        OptionalInt.empty(),
        ModelCard.GAUSSIAN,
        List.of());
  }

  /** A map of one colour, but for its first pixel. */
  private static byte[] map(int first, int others, int side) {
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < side * side; i++) {
      int colour = i == 0 ? first : others;
      rgb[3 * i] = (byte) (colour >> 16);
      rgb[3 * i + 1] = (byte) (colour >> 8);
      rgb[3 * i + 2] = (byte) colour;
    }
    return Png.encode(new Pixels(side, side, 3, rgb));
  }

  private static byte[] map(int first) {
    return map(first, SKY, 4);
  }

  private static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        CRC32 crc = new CRC32();
        crc.update(file.getValue());
        if (file.getValue().length < 1 << 20) {
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(file.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    }
    return out.toByteArray();
  }

  private void stand(String key, byte[] bytes) {
    world.store.put(key, bytes, "application/octet-stream");
  }

  private void clip(String... names) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : names) {
      files.put(name, map(ROAD));
    }
    stand("clip.zip", zip(files));
  }

  private JobEvent run(String model, String more) throws InterruptedException {
    world
        .worker("w1", Line.Fault.NONE, seeing, Runnable::run)
        .handle(world.record("{\"id\":\"a\",\"model\":\"" + model + "\"," + more + "}"));
    world.checkEnded("a");
    return world.log.ends("a").get(0);
  }

  private JobEvent run(String more) throws InterruptedException {
    return run("streets", more);
  }

  private Map<String, String> failures() {
    Map<String, String> failures = new LinkedHashMap<>();
    world.pictures("a").failed().forEach(f -> failures.put(f.name(), f.cause()));
    return failures;
  }

  private List<String> keys() {
    return world.pictures("a").images().stream().map(Pictures.Image::key).toList();
  }

  @Test
  void aZipOfLabelMapsBecomesFramesOfTheSameNames() throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("track/0002.png", map(SKY));
    files.put("track/0001.png", map(ROAD));
    files.put("__MACOSX/track/._0001.png", new byte[7]);
    files.put("track/.DS_Store", new byte[7]);
    stand("clip.zip", zip(files));
    JobEvent end = run("\"seed\":5,\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(end.data()).containsEntry("images", 2).doesNotContainKey("failedFrames");
    assertThat(keys())
        .containsExactly("jobs/a/images/track/0001.png", "jobs/a/images/track/0002.png");
    assertThat(world.pictures("a").images())
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
  void aBadFileFailsItsOwnFrameAndNothingElse() throws Exception {
    byte[] good = map(ROAD);
    byte[] wrongCrc = good.clone();
    wrongCrc[wrongCrc.length - 20] ^= 1;
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("01-good.png", good);
    files.put("02-colour.png", map(0x123456));
    files.put("03-size.png", map(ROAD, SKY, 5));
    files.put("04-corrupt.png", wrongCrc);
    files.put("05-short.png", Arrays.copyOf(good, 40));
    files.put("06-text.png", "no picture".getBytes(StandardCharsets.UTF_8));
    files.put("07-bomb.png", new byte[8 << 20]);
    files.put("08-large.png", new byte[17 << 20]);
    files.put("../09-out.png", good);
    files.put("10-twice.jpg", good);
    files.put("10-twice.png", good);
    files.put("11-renamed.txt", good);
    files.put("n".repeat(250) + ".png", good);
    stand("clip.zip", zip(files));
    JobEvent end = run("\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.COMPLETED);
    assertThat(end.data()).containsEntry("images", 3).containsEntry("failedFrames", 10);
    assertThat(keys())
        .containsExactly(
            "jobs/a/images/01-good.png",
            "jobs/a/images/10-twice.png",
            "jobs/a/images/11-renamed.png");
    Map<String, String> failures = failures();
    assertThat(failures).hasSize(10);
    assertThat(failures.get("02-colour.png"))
        .contains("#123456 at pixel (0, 0)", "the nearest is ");
    assertThat(failures.get("03-size.png")).isEqualTo("is 5x5 pixels: model streets@1 takes 4x4");
    assertThat(failures.get("04-corrupt.png")).contains("is a broken PNG");
    assertThat(failures.get("05-short.png")).contains("is a broken PNG");
    assertThat(failures.get("06-text.png")).contains("neither a PNG nor a JPEG");
    assertThat(failures.get("07-bomb.png")).contains("more than 100 times as much");
    assertThat(failures.get("08-large.png")).contains("at most 16777216 are allowed");
    assertThat(failures.get("../09-out.png")).contains("relative path without '..'");
    assertThat(failures.get("10-twice.png")).contains("the same name but for the ending");
    assertThat(world.store.list("jobs/a/"))
        .containsExactly(
            "jobs/a/images/01-good.png",
            "jobs/a/images/10-twice.png",
            "jobs/a/images/11-renamed.png",
            "jobs/a/job.json",
            "jobs/a/manifest.json");
  }

  @Test
  void whatDoesNotUnpackToWhatTheZipSaysIsBroken() throws Exception {
    clip("1.png", "2.png");
    byte[] zip = world.store.get("clip.zip").orElseThrow().bytes();
    int picture = new String(zip, StandardCharsets.ISO_8859_1).indexOf("\u0089PNG");
    zip[picture + 25] ^= 1;
    stand("clip.zip", zip);
    run("\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(failures())
        .containsExactly(
            Map.entry("1.png", "does not unpack to the size and checksum that the zip says"));
  }

  @Test
  void strictFailsTheJobWithTheFirstBadFile() throws Exception {
    stand("clip.zip", zip(new LinkedHashMap<>(Map.of("1.png", map(7)))));
    JobEvent end = run("\"strict\":true,\"condition\":{\"zip\":\"clip.zip\"}");
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(String.valueOf(end.data().get("cause")))
        .startsWith("condition: 1.png: has the colour #000007 at pixel (0, 0)");
  }

  @Test
  void aJobWithoutOneGoodFrameFails() throws Exception {
    JobEvent end = run("\"condition\":[\"in/1.png\",\"in/2.png\"]");
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data())
        .containsEntry("field", "condition")
        .containsEntry(
            "cause",
            "condition: none of 2 could become a frame; the first is 1.png, which failed:"
                + " there is no object in/1.png in the bucket");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"zip\":\"gone.zip\"} | condition | there is no object gone.zip",
        "{\"zip\":\"text.zip\"} | condition | object text.zip is no zip",
        "{\"zip\":\"empty.zip\"} | condition | holds no files",
        "{\"zip\":{\"key\":\"text.zip\",\"size\":7}} | condition | has 4 bytes, not the 7",
        "{\"prefix\":\"nowhere/\"} | condition | no object in the bucket whose key begins with",
        "{\"parts\":{\"depth\":\"d.png\"}} | condition.parts.depth | is not for model streets@1",
        "\"text.zip\",\"variations\":2 | condition | is neither a PNG",
      })
  void aSourceThatIsNoneFailsTheJob(String condition, String field, String cause) throws Exception {
    stand("text.zip", "text".getBytes(StandardCharsets.UTF_8));
    stand("empty.zip", zip(Map.of("__MACOSX/a", new byte[1])));
    JobEvent end = run("\"condition\":" + condition);
    assertThat(end.type()).isEqualTo(JobEvent.Type.FAILED);
    assertThat(end.data()).containsEntry("field", field);
    assertThat(String.valueOf(end.data().get("cause"))).contains(cause);
  }

  @Test
  void aListedMissingFileFailsItsFrameAndAPrefixIsReadInOrder() throws Exception {
    stand("clips/7/0002.png", map(ROAD));
    stand("clips/7/0001.png", map(ROAD));
    run("\"condition\":[\"clips/7/0002.png\",\"clips/7/gone.png\",\"clips/7/0001.png\"]");
    assertThat(keys()).containsExactly("jobs/a/images/0002.png", "jobs/a/images/0001.png");
    assertThat(failures()).containsOnlyKeys("gone.png");
    world
        .worker("w1", Line.Fault.NONE, seeing, Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"b\",\"model\":\"streets\",\"condition\":{\"prefix\":\"clips/7/\"}}"));
    assertThat(world.pictures("b").images())
        .extracting(Pictures.Image::key)
        .containsExactly("jobs/b/images/0001.png", "jobs/b/images/0002.png");
  }

  @Test
  void nearestColourAndOtherSizesAreTakenOnRequest() throws Exception {
    stand("m.png", map(0x7f3f80, 0x4782b4, 8));
    run("\"condition\":{\"key\":\"m.png\",\"nearest\":true,\"resize\":true}");
    float[] sky = new float[32];
    Arrays.fill(sky, 16, 32, 1);
    // Of each 2×2 pixels the one at its centre stands for all: the odd one is not it.
    assertThat(rows.get(0).condition().toFloats()).isEqualTo(sky);
  }

  @Test
  void severalPartsGoTogetherByTheirNames() throws Exception {
    stand("l.zip", zip(Map.of("1.png", map(ROAD), "2.png", map(ROAD), "3.png", map(ROAD))));
    byte[] grey = Png.encode(new Pixels(4, 4, 1, new byte[16]));
    stand("d.zip", zip(Map.of("1.jpg", grey, "3.png", grey, "2-renamed.png", grey)));
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
    assertThat(Arrays.copyOfRange(seen, 48, 96)).containsOnly(0); // what is left out
  }

  @Test
  void partsThatAreMissingOrUnnamedAreRefused() throws Exception {
    JobEvent end = run("stacks", "\"condition\":\"m.png\"");
    assertThat(String.valueOf(end.data().get("cause")))
        .isEqualTo(
            "condition: model stacks@1 takes several parts: give condition.parts with [labels"
                + " (labels), depth (grey), normals (rgb)]");
    world
        .worker("w1", Line.Fault.NONE, seeing, Runnable::run)
        .handle(
            world.record(
                "{\"id\":\"b\",\"model\":\"stacks\",\"condition\":{\"parts\":{\"labels\":\"x\"}}}"));
    assertThat(world.log.ends("b").get(0).data())
        .containsEntry("cause", "condition.parts.depth is missing: model stacks@1 needs one");
  }

  @Test
  void variationsHaveNamesAndSharedNoiseIsTheSameInAllFrames() throws Exception {
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
  void referencesMakeAContactSheet() throws Exception {
    clip("1.png", "2.png");
    stand("r.zip", zip(Map.of("2.jpg", map(0xFF0000, 0x00FF00, 8))));
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
  void smallResultsComeInTheEventOnRequest() throws Exception {
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
  void aLaterAttemptMakesOnlyWhatIsNotThere() throws Exception {
    String[] names = new String[40];
    for (int i = 0; i < 40; i++) {
      names[i] = "%04d.png".formatted(i);
    }
    clip(names);
    Delivery delivery =
        world.record("{\"id\":\"a\",\"model\":\"streets\",\"condition\":{\"zip\":\"clip.zip\"}}");
    Line.Fault crash = Crash.at("create", "jobs/a/images/0025.png");
    Crash.kills(world.worker("w0", crash, seeing, Runnable::run), delivery, crash);
    int stored = world.store.list("jobs/a/images/").size();
    assertThat(stored).isEqualTo(25);
    rows.clear();
    world.worker("w1", Line.Fault.NONE, seeing, Runnable::run).handle(again(delivery));
    world.checkEnded("a");
    assertThat(keys()).hasSize(40);
    assertThat(rows).extracting(SamplingJob.Row::index).startsWith(25).hasSize(15);
  }
}
