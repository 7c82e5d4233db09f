package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork.Batch;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trains on images with conditions, from folders to a model that follows its conditions. */
class ConditionalTrainingTest {
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);

  private static final String TWO_COLOURS =
      "[{\"name\": \"day\", \"color\": \"#ffffff\"}, {\"name\": \"night\", \"color\":"
          + " \"#000000\"}]";

  private static final String LABELS =
      "\"size\": 8, \"layout\": \"twins\", \"condition\": {\"name\": \"light\", \"kind\":"
          + " \"labels\", \"palette\": "
          + TWO_COLOURS
          + "}";

  @TempDir private Path folder;

  private void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve("data").resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static byte[] halves(int left, int right) {
    byte[] rgb = new byte[3 * 64];
    for (int i = 0; i < 64; i++) {
      Arrays.fill(rgb, 3 * i, 3 * i + 3, (byte) (i % 8 < 4 ? left : right));
    }
    return Png.encode(new Pixels(8, 8, 3, rgb));
  }

  /** Bright images under white maps, dark ones under black; two of them for validation. */
  private void drawTwins() throws IOException {
    for (int i = 0; i < 20; i++) {
      String name = (i < 18 ? "train" : "val") + "/%s/" + i + ".png";
      boolean day = i % 2 == 0;
      write(name.formatted("input"), halves(day ? 255 : 0, day ? 255 : 0));
      write(name.formatted("target"), halves(day ? 200 + i : i, day ? 220 : 30));
    }
  }

  private static Recipe recipe(String dataset, int inChannels) {
    return Recipes.parse(
        Recipes.changed("\"size\": 8, \"flip\": true", dataset)
            .replace("\"in_channels\": 3", "\"in_channels\": " + inChannels));
  }

  private void train(Recipe recipe, Path out, boolean resume, long stopAfter) throws Exception {
    long[] last = new long[1];
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe)) {
      new Training(recipe, data.pairs(), /* from= */ null, CPU, out)
          .run(
              resume,
              () -> last[0] >= stopAfter,
              event -> {
                if (event instanceof TrainingEvent.Step step) {
                  last[0] = step.iteration();
                }
              });
    }
  }

  @Test
  void generatedImages_followTheirLabelMaps() throws Exception {
    drawTwins();
    Recipe recipe =
        Recipes.parse(
            JsonEdit.of(recipe(LABELS + ", \"conditionDropout\": 0.1", 5))
                .with("\"iterations\":12", "\"iterations\":150")
                .with("\"checkpointEvery\":4", "\"checkpointEvery\":1000")
                .with("\"sampleEvery\":8", "\"sampleEvery\":0")
                .text());
    Path out = folder.resolve("model");
    train(recipe, out, /* resume= */ false, Long.MAX_VALUE);
    ModelCard card = ModelCard.read(out.resolve("model.json"));
    assertThat(card.condition())
        .containsExactly(
            new ConditionPart(
                "light",
                ConditionPart.Kind.LABELS,
                2,
                Optional.of(Palette.of("day #ffffff", "night #000000")),
                /* optional= */ true));
    NetworkProgram program =
        NetworkProgram.of(
            recipe.network(),
            new Parameterization(Prediction.DIRECTION, recipe.timestepScale(), Optional.empty()),
            recipe.optimizer().step());
    float[] x0 = new float[2 * 192];
    Noise.gaussian(3, 0, x0, 0, x0.length);
    float[] condition = new float[2 * 128];
    Arrays.fill(condition, 0, 64, 1); // day
    Arrays.fill(condition, 128 + 64, 256, 1); // night
    try (SamplingNetwork network = CPU.load(program, ModelFolder.openPath(out).readWeights())) {
      float[] x1 =
          UniformSampling.sample(
              network,
              Solver.EULER.stages(AlphaSchedule.UNIFORM.alphas(12)),
              java.util.Optional.empty(),
              x0,
              condition,
              8,
              8,
              new long[2]);
      assertThat(mean(x1, 0)).as("by day").isGreaterThan(mean(x1, 192) + 0.8);
    }
    // Two rows (validation) of map, reference and two generations, 2 pixels between them.
    Pixels sheet = ImageReader.read(Files.readAllBytes(out.resolve("samples.png")), 3);
    assertThat(sheet.width()).isEqualTo(2 + 4 * 10);
    assertThat(sheet.height()).isEqualTo(2 + 2 * 10);
    assertThat(sheet.bytes()[3 * (2 * 42 + 2)]).isEqualTo((byte) 255); // the white map of 18.png
    assertThat(sheet.bytes()[3 * (2 * 42 + 12)]).isEqualTo((byte) 218); // and its image
  }

  private static double mean(float[] values, int from) {
    double sum = 0;
    for (int i = from; i < from + 192; i++) {
      sum += values[i];
    }
    return sum / 192;
  }

  @Test
  void patchedModel_isTrainedAndSampledInImageSpace() throws Exception {
    drawTwins();
    Recipe recipe =
        Recipes.parse(
            Recipes.changed("\"size\": 8, \"flip\": true", LABELS)
                .replace(
                    "\"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 3",
                    "\"sample_size\": 4, \"in_channels\": 20, \"out_channels\": 12")
                .replace("\"iterations\": 12", "\"patch\": 2, \"iterations\": 150")
                .replace("\"checkpointEvery\": 4", "\"checkpointEvery\": 1000")
                .replace("\"sampleEvery\": 8", "\"sampleEvery\": 0"));
    Path out = folder.resolve("model");
    train(recipe, out, /* resume= */ false, Long.MAX_VALUE);
    assertThat(NetworkConfig.read(out.resolve("config.json")).inChannels()).isEqualTo(20);
    Path exported = folder.resolve("exported");
    ModelFiles files =
        ModelFolder.importFolder(
            out,
            exported,
            config ->
                NetworkProgram.of(config, Parameterization.direction(1), recipe.optimizer().step())
                    .weights());
    assertThat(files.card().patch()).isEqualTo(2);
    assertThat(files.config()).isEqualTo(recipe.network());
    ModelInfo info = ModelInfo.of(files);
    assertThat(info.channels()).isEqualTo(3);
    assertThat(info.conditionChannels()).isEqualTo(2);
    assertThat(info.height()).isEqualTo(8);
    float[] x0 = new float[2 * 192];
    Noise.gaussian(3, 0, x0, 0, x0.length);
    float[] condition = new float[2 * 128];
    Arrays.fill(condition, 0, 64, 1); // day
    Arrays.fill(condition, 128 + 64, 256, 1); // night
    try (SamplingNetwork network = ModelResolver.load(CPU, files)) {
      float[] x1 =
          UniformSampling.sample(
              network,
              Solver.EULER.stages(AlphaSchedule.UNIFORM.alphas(12)),
              java.util.Optional.empty(),
              x0,
              condition,
              8,
              8,
              new long[2]);
      assertThat(mean(x1, 0)).as("by day").isGreaterThan(mean(x1, 192) + 0.8);
    }
    Pixels sheet = ImageReader.read(Files.readAllBytes(out.resolve("samples.png")), 3);
    assertThat(sheet.width()).isEqualTo(2 + 4 * 10);
  }

  /** Images of 12×20 whose red is the column and whose green is the row, under equal maps. */
  @Test
  void randomCrops_areTheSameForImageAndMap_andDependOnThePositionAlone() throws Exception {
    byte[] rgb = new byte[3 * 240];
    for (int i = 0; i < 240; i++) {
      rgb[3 * i] = (byte) (i % 20);
      rgb[3 * i + 1] = (byte) (i / 20);
    }
    for (int i = 0; i < 3; i++) {
      write("train/input/" + i + ".png", Png.encode(new Pixels(20, 12, 3, rgb)));
      write("train/target/" + i + ".png", Png.encode(new Pixels(20, 12, 3, rgb)));
    }
    write("val/input/0.png", Png.encode(new Pixels(20, 12, 3, rgb)));
    write("val/target/0.png", Png.encode(new Pixels(20, 12, 3, rgb)));
    Recipe recipe =
        recipe(
            "\"size\": 8, \"crop\": \"random\", \"flip\": true, \"split\": \"train\","
                + " \"layout\": \"twins\", \"condition\": {\"kind\": \"rgb\"}",
            6);
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe);
        TrainingData again = TrainingData.open(folder.resolve("data"), recipe)) {
      boolean[][] found = new boolean[5][13];
      for (int position = 0; position < 500; position++) {
        float[] image = new float[192];
        float[] map = new float[192];
        data.pairs().read(position, new float[192], image, 0, map, 0);
        assertThat(map).isEqualTo(image);
        int left = Math.min(byteOf(image[0]), byteOf(image[7])); // 7 where mirrored
        int top = byteOf(image[64]);
        found[top][left] = true;
        float[] other = new float[192];
        again.pairs().read(position, new float[192], other, 0, new float[192], 0);
        assertThat(other).isEqualTo(image);
      }
      for (boolean[] row : found) {
        assertThat(row).doesNotContain(false); // all 65 places
      }
      // One validation image has parts enough for all rows of a sample grid.
      List<Pairs.Example> examples = data.pairs().examples(4);
      assertThat(examples).hasSize(4);
      assertThat(examples.get(0).condition()).isNotEqualTo(examples.get(1).condition());
      assertThat(examples.get(0).images()).allMatch(p -> p.width() == 8 && p.height() == 8);
    }
  }

  private static int byteOf(float value) {
    return Math.round((value + 1) * 127.5f);
  }

  @Test
  void resumedTraining_equalsUninterruptedTraining() throws Exception {
    drawTwins();
    Recipe recipe =
        recipe(LABELS + ", \"flip\": true, \"conditionDropout\": 0.3", /* inChannels= */ 5);
    train(recipe, folder.resolve("a"), /* resume= */ false, Long.MAX_VALUE);
    train(recipe, folder.resolve("b"), /* resume= */ false, 5);
    train(recipe, folder.resolve("b"), /* resume= */ true, Long.MAX_VALUE);
    String weights = "diffusion_pytorch_model.safetensors";
    assertThat(folder.resolve("b").resolve(weights))
        .hasSameBinaryContentAs(folder.resolve("a").resolve(weights));
  }

  @Test
  void labelMaps_areMirroredWithTheirImages_andDroppedByShare() throws Exception {
    for (int i = 0; i < 4; i++) {
      write("input/" + i + ".png", halves(255, 0));
      write("target/" + i + ".png", halves(200, 10));
    }
    Recipe recipe = recipe(LABELS + ", \"flip\": true, \"conditionDropout\": 0.4", 5);
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe)) {
      Batches batches = new Batches(data.pairs(), recipe);
      int mirrored = 0;
      int dropped = 0;
      int rows = 0;
      for (int step = 0; step < 100; step++) {
        Batch batch = batches.at(step);
        assertThat(batch.conditionChannels()).isEqualTo(2);
        for (int row = 0; row < batch.rows(); row++, rows++) {
          boolean mirror = batch.x1()[row * 192] < 0;
          mirrored += mirror ? 1 : 0;
          float day = batch.condition()[row * 128];
          float night = batch.condition()[row * 128 + 64];
          if (day == 0 && night == 0) {
            dropped++;
            assertThat(Arrays.copyOfRange(batch.condition(), row * 128, row * 128 + 128))
                .containsOnly(0);
          } else {
            assertThat(day).isEqualTo(mirror ? 0 : 1);
            assertThat(night).isEqualTo(mirror ? 1 : 0);
          }
        }
      }
      assertThat((double) mirrored / rows).isBetween(0.4, 0.6);
      assertThat((double) dropped / rows).isBetween(0.32, 0.48);
    }
  }

  @Test
  void severalConditions_areStackedInOrder() throws Exception {
    for (int i = 0; i < 3; i++) {
      write("labels/" + i + ".png", halves(255, 0));
      write("depth/" + i + ".png", halves(51, 51));
      write("frames/" + i + ".png", halves(100, 100));
    }
    String dataset =
        "\"size\": 8, \"layout\": \"twins\", \"target\": \"frames\", \"condition\": [{\"name\":"
            + " \"depth\", \"folder\": \"depth\", \"kind\": \"grey\"}, {\"name\": \"labels\","
            + " \"folder\": \"labels\", \"kind\": \"labels\", \"palette\": "
            + TWO_COLOURS
            + "}]";
    Recipe recipe = recipe(dataset, 6);
    assertThat(recipe.data().parts())
        .extracting(ConditionPart::name)
        .containsExactly("depth", "labels");
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe)) {
      Batch batch = new Batches(data.pairs(), recipe).at(0);
      assertThat(batch.conditionChannels()).isEqualTo(3);
      assertThat(Arrays.copyOfRange(batch.condition(), 0, 64)).containsOnly(51 / 127.5f - 1);
      assertThat(batch.condition()[64]).isEqualTo(1);
      assertThat(batch.condition()[128]).isZero();
    }
  }

  @Test
  void batches_areTheSame_withAnyNumberOfThreads() throws Exception {
    drawTwins();
    Recipe recipe = recipe(LABELS + ", \"flip\": true, \"conditionDropout\": 0.3", 5);
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe)) {
      Batches batches = new Batches(data.pairs(), recipe);
      try (Prefetch one = new Prefetch(batches, 3, 12, 1);
          Prefetch four = new Prefetch(batches, 3, 12, 4)) {
        for (int step = 3; step < 12; step++) {
          Batch expected = batches.at(step);
          for (Batch batch : new Batch[] {one.next(), four.next()}) {
            assertThat(batch.x0()).isEqualTo(expected.x0());
            assertThat(batch.x1()).isEqualTo(expected.x1());
            assertThat(batch.condition()).isEqualTo(expected.condition());
            assertThat(batch.alpha()).isEqualTo(expected.alpha());
          }
        }
      }
    }
  }

  @Test
  void brokenFiles_areNamed_andRefusedBeyondTheLimit() throws Exception {
    drawTwins();
    write("train/input/4.png", new byte[] {1});
    write("train/input/6.png", halves(255, 128)); // a colour that is not in the palette
    Recipe strict = recipe(LABELS, 5);
    assertThatThrownBy(() -> TrainingData.open(folder.resolve("data"), strict))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("of the 18 images")
        .hasMessageContaining("more than brokenMax 0.05 allows");
    Recipe recipe = recipe(LABELS + ", \"brokenMax\": 0.2", 5);
    try (TrainingData data = TrainingData.open(folder.resolve("data"), recipe)) {
      assertThat(data.summary()).anyMatch(line -> line.contains("16 images"));
      assertThat(data.summary())
          .anyMatch(
              line ->
                  line.contains("train/target/6.png") && line.contains("#808080 at pixel (4, 0)"));
      assertThat(data.pairs().brokenFiles()).hasSize(2);
    }
    Path out = folder.resolve("model");
    train(recipe, out, /* resume= */ false, 2);
    assertThat(out.resolve("training/broken.txt")).content().contains("train/target/4.png");
    assertThat(ModelCard.read(out.resolve("model.json")).metrics()).containsEntry("brokenFiles", 2);
  }

  @Test
  void singleImage_isRefused() throws Exception {
    write("train/input/a.png", halves(0, 0));
    write("train/target/a.png", halves(0, 0));
    Recipe recipe = recipe(LABELS, 5);
    assertThatThrownBy(() -> train(recipe, folder.resolve("model"), false, 1))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("holds a single image");
    assertThat(folder.resolve("model")).doesNotExist();
  }
}
