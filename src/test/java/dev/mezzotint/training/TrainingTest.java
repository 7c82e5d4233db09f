package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trainer from files to a model folder, on a real device with a tiny network. */
class TrainingTest {
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);

  @TempDir Path folder;
  private Path images = Path.of("");

  @BeforeEach
  void drawImages() throws IOException {
    images = folder.resolve("images");
    Files.createDirectories(images);
    for (int i = 0; i < 20; i++) {
      float[] chw = new float[3 * 64];
      for (int k = 0; k < chw.length; k++) {
        chw[k] = k % 8 < 4 ? -0.9f + 0.02f * i : 0.9f - 0.05f * i;
      }
      Files.write(
          images.resolve("square-%02d.png".formatted(i)),
          Png.encode(Pixels.fromChw(chw, 0, 3, 8, 8)));
    }
  }

  /** Trains until {@code stopAfter} steps are done; returns how many are. */
  private long train(Recipe recipe, Path out, boolean resume, long stopAfter)
      throws IOException, InterruptedException {
    AtomicLong last = new AtomicLong();
    try (ImageDataset data = ImageDataset.open(images, DatasetOptions.of(8, 8))) {
      return training(recipe, data, out)
          .run(
              resume,
              () -> last.get() >= stopAfter,
              event -> {
                if (event instanceof TrainingEvent.Step step) {
                  last.set(step.iteration());
                } else if (event instanceof TrainingEvent.Checkpoint checkpoint) {
                  assertThat(checkpoint.file()).exists();
                } else if (event instanceof TrainingEvent.Sample sample) {
                  assertThat(sample.file()).exists();
                }
              });
    }
  }

  private static Training training(Recipe recipe, ImageDataset data, Path out) {
    return new Training(recipe, Pairs.of(recipe, data), /* from= */ null, CPU, out);
  }

  private static byte[] weights(Path model) throws IOException {
    return Files.readAllBytes(model.resolve("diffusion_pytorch_model.safetensors"));
  }

  @Test
  void writesModel_thatOpensAndSamples() throws Exception {
    Path out = folder.resolve("model");
    assertThat(train(Recipes.tiny(), out, false, Long.MAX_VALUE)).isEqualTo(12);
    assertThat(out.resolve("recipe.json")).exists();
    assertThat(out.resolve("loss.png")).exists();
    assertThat(out.resolve("samples.png")).exists();
    assertThat(out.resolve("training/samples-0000008.png")).exists();
    assertThat(Files.readAllLines(out.resolve("training/log.csv"))).hasSize(13);
    ModelFiles files = ModelFolder.openPath(out);
    assertThat(files.name()).isEqualTo("tiny");
    assertThat(files.version()).isEqualTo("v1");
    assertThat(files.card().timestepScale()).isEqualTo(1000);
    assertThat(files.card().metrics())
        .containsEntry("iterations", 12)
        .containsEntry("pictures", 20)
        .containsEntry("picturesSeen", 72);
    NetworkProgram program =
        NetworkProgram.of(
            files.config(), Parameterization.direction(1000), Recipes.tiny().optimizer().step());
    try (SamplingNetwork network = CPU.load(program, files.readWeights())) {
      float[] d = network.evaluate(new float[192], 8, 8, new float[1], new long[1]);
      assertThat(d[0]).isNotNaN().isNotZero();
    }
  }

  @Test
  void batch_largerThanAnArray_isRefused() {
    Recipe large =
        Recipes.parse(
            Recipes.TINY
                .replace("\"sample_size\": 8", "\"sample_size\": 256")
                .replace("\"size\": 8", "\"size\": 256")
                .replace("\"batchSize\": 6", "\"batchSize\": 65536"));
    assertThatThrownBy(() -> training(large, new Squares(2, 3, 256), folder.resolve("model")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("batchSize is 65536, but must be at most 10922: each image has 196608 values");
  }

  @Test
  void resumedTraining_equalsUninterruptedTraining_bitForBit() throws Exception {
    Path whole = folder.resolve("whole");
    train(Recipes.tiny(), whole, false, Long.MAX_VALUE);
    Path parts = folder.resolve("parts");
    assertThat(train(Recipes.tiny(), parts, false, 5)).isEqualTo(5);
    assertThat(ModelFolder.openPath(parts).card().metrics()).containsEntry("iterations", 5);
    assertThat(train(Recipes.tiny(), parts, true, 6)).isEqualTo(6);
    assertThat(train(Recipes.tiny(), parts, true, Long.MAX_VALUE)).isEqualTo(12);
    assertThat(weights(parts)).isEqualTo(weights(whole));
    for (String file :
        List.of("training/checkpoint.safetensors", "training/log.csv", "samples.png")) {
      assertThat(parts.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    // Once more where nothing is left to do: everything stays.
    assertThat(train(Recipes.tiny(), parts, true, Long.MAX_VALUE)).isEqualTo(12);
    assertThat(weights(parts)).isEqualTo(weights(whole));
  }

  @Test
  void startsFromTheWeightsOfAnotherModel() throws Exception {
    Path first = folder.resolve("first");
    train(Recipes.tiny(), first, false, Long.MAX_VALUE);
    String still =
        Recipes.changed("0.003", "1e-9").replace("\"iterations\": 12", "\"iterations\": 1");
    Recipe recipe = Recipes.parse(still.replace("\"network\"", "\"from\": \"first\", \"network\""));
    Path next = folder.resolve("next");
    try (ImageDataset data = ImageDataset.open(images, DatasetOptions.of(8, 8))) {
      new Training(recipe, Pairs.of(recipe, data), ModelFolder.openPath(first), CPU, next)
          .run(/* resume= */ false, () -> false, TrainingObserver.NONE);
    }
    Map<String, Tensor> before = ModelFolder.openPath(first).readWeights();
    ModelFolder.openPath(next)
        .readWeights()
        .forEach(
            (name, tensor) ->
                assertThat(tensor.toFloats())
                    .as(name)
                    .containsExactly(before.get(name).toFloats(), within(1e-6f)));
    assertThat(ModelFolder.openPath(next).card().metrics()).containsEntry("from", "tiny@v1");
  }

  @Test
  void from_withAnotherNetwork_isRefused() throws Exception {
    Path first = folder.resolve("first");
    train(Recipes.tiny(), first, false, 1);
    String other = Recipes.changed("[8, 8]", "[8, 16]");
    Recipe recipe = Recipes.parse(other.replace("\"network\"", "\"from\": \"first\", \"network\""));
    try (ImageDataset data = ImageDataset.open(images, DatasetOptions.of(8, 8))) {
      Training training =
          new Training(
              recipe,
              Pairs.of(recipe, data),
              ModelFolder.openPath(first),
              CPU,
              folder.resolve("next"));
      assertThatThrownBy(() -> training.run(false, () -> false, TrainingObserver.NONE))
          .isInstanceOfSatisfying(
              InvalidInputException.class, e -> assertThat(e.field()).isEqualTo("from"))
          .hasMessageContaining("tiny does not fit this network");
    }
  }

  @Test
  void fromStrictFalse_takesTheTensorsThatFit_andDrawsTheOthers() throws Exception {
    Path first = folder.resolve("first");
    train(Recipes.tiny(), first, false, 1);
    String other =
        Recipes.changed("[8, 8]", "[8, 16]")
            .replace("0.003", "1e-9")
            .replace("\"iterations\": 12", "\"iterations\": 1")
            .replace("\"network\"", "\"from\": \"first\", \"fromStrict\": false, \"network\"");
    Path next = folder.resolve("next");
    Recipe recipe = Recipes.parse(other);
    try (ImageDataset data = ImageDataset.open(images, DatasetOptions.of(8, 8))) {
      new Training(recipe, Pairs.of(recipe, data), ModelFolder.openPath(first), CPU, next)
          .run(/* resume= */ false, () -> false, TrainingObserver.NONE);
    }
    Map<String, Tensor> before = ModelFolder.openPath(first).readWeights();
    Map<String, Tensor> after = ModelFolder.openPath(next).readWeights();
    assertThat(after.get("conv_in.weight").toFloats())
        .containsExactly(before.get("conv_in.weight").toFloats(), within(1e-6f));
    assertThat(after.get("mid_block.resnets.0.conv1.weight").shape())
        .isNotEqualTo(before.get("mid_block.resnets.0.conv1.weight").shape());
    assertThatThrownBy(
            () -> Recipes.parse(Recipes.changed("\"seed\"", "\"fromStrict\": false, \"seed\"")))
        .hasMessageContaining("fromStrict can be false only with from");
  }

  @Test
  void resume_removesLogLinesAfterTheCheckpoint() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 5);
    Path log = out.resolve("training/log.csv");
    String upTo5 = Files.readString(log);
    // As after a crash: two steps too many, the second cut off in the middle of a number.
    Files.writeString(log, upTo5 + "6,0.5,1.25\n7,0.5,1E");
    assertThat(train(Recipes.tiny(), out, true, 6)).isEqualTo(6);
    String upTo6 = Files.readString(log);
    assertThat(upTo6).startsWith(upTo5).doesNotContain("6,0.5,1.25", "1E\n");
    assertThat(Files.readAllLines(log)).hasSize(7);
    assertThat(Files.readAllLines(log).get(6)).startsWith("6,");
  }

  @Test
  void stoppedBeforeFirstStep_writesModel_andResumes() throws Exception {
    Path out = folder.resolve("model");
    assertThat(train(Recipes.tiny(), out, false, 0)).isZero();
    assertThat(ModelFolder.openPath(out).name()).isEqualTo("tiny");
    assertThat(train(Recipes.tiny(), out, true, 1)).isEqualTo(1);
  }

  @Test
  void resume_withAnotherRecipe_isRefused() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 2);
    for (String[] change :
        new String[][] {
          {"\"seed\": 5", "\"seed\": 6"},
          {"\"batchSize\": 6", "\"batchSize\": 7"},
          {"0.003", "0.004"},
          {"\"layers_per_block\": 1", "\"layers_per_block\": 2"}
        }) {
      assertRefused("--resume", Recipes.tiny(change[0], change[1]), out, true);
    }
    // Length and intervals may change, but not to fewer steps than are done.
    assertRefused("iterations", Recipes.tiny("\"iterations\": 12", "\"iterations\": 1"), out, true);
    assertThat(
            train(
                Recipes.tiny(
                    "\"checkpointEvery\": 4, \"sampleEvery\": 8",
                    "\"checkpointEvery\": 1, \"sampleEvery\": 0"),
                out,
                true,
                3))
        .isEqualTo(3);
  }

  @Test
  void resume_withAnotherRecipe_namesTheKeysThatDiffer() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 2);
    assertThatThrownBy(() -> train(Recipes.tiny("0.003", "0.004"), out, true, 3))
        .hasMessageEndingWith("keys that differ: optimizer.learningRate");
    String both =
        Recipes.changed("\"seed\": 5", "\"seed\": 6")
            .replace("\"batchSize\": 6", "\"batchSize\": 7");
    assertThatThrownBy(() -> train(Recipes.parse(both), out, true, 3))
        .hasMessageEndingWith("keys that differ: batchSize, seed");
    // Of an earlier version, which kept no copy of the recipe.
    Files.delete(out.resolve("training/recipe.json"));
    assertThatThrownBy(() -> train(Recipes.parse(both), out, true, 3))
        .hasMessageContaining("another recipe");
  }

  @Test
  void resume_withMoreImages_warns() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 2);
    List<String> warnings = new java.util.ArrayList<>();
    java.util.logging.Logger log =
        java.util.logging.Logger.getLogger(TrainingFolder.class.getName());
    java.util.logging.Handler handler =
        new java.util.logging.Handler() {
          @Override
          public void publish(java.util.logging.LogRecord line) {
            warnings.add(new java.util.logging.SimpleFormatter().formatMessage(line));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    log.addHandler(handler);
    try {
      train(Recipes.tiny(), out, true, 3);
      assertThat(warnings).isEmpty();
      Files.copy(images.resolve("square-00.png"), images.resolve("square-20.png"));
      train(Recipes.tiny(), out, true, 4);
      assertThat(warnings).singleElement().asString().contains("20 images", "21");
    } finally {
      log.removeHandler(handler);
    }
  }

  @Test
  void damagedCheckpoint_isRefused_byTheTensorsName() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 1);
    Path checkpoint = out.resolve("training/checkpoint.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>(SafeTensors.read(checkpoint));
    tensors.remove("m.conv_in.weight");
    SafeTensors.write(checkpoint, tensors, SafeTensors.metadata(checkpoint));
    assertRefused("conv_in.weight", Recipes.tiny(), out, true);
    Files.write(checkpoint, new byte[] {1, 2, 3});
    assertThatThrownBy(() -> train(Recipes.tiny(), out, true, 1))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void nonEmptyFolder_isNotOverwritten() throws Exception {
    Path out = folder.resolve("model");
    train(Recipes.tiny(), out, false, 1);
    byte[] before = weights(out);
    assertRefused("--out", Recipes.tiny(), out, false);
    Files.delete(out.resolve("training/checkpoint.safetensors"));
    assertRefused("--out", Recipes.tiny(), out, false);
    assertRefused("--out", Recipes.tiny(), out, true);
    assertThat(weights(out)).isEqualTo(before);
  }

  private void assertRefused(String field, Recipe recipe, Path out, boolean resume) {
    assertThatThrownBy(() -> train(recipe, out, resume, 1))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  @Test
  void imagesThatDoNotFitTheRecipe_areRefused_beforeAnythingIsWritten() {
    Recipe classes =
        Recipes.parse(
            Recipes.changed("\"flip\": true", "\"labels\": \"prefix\"")
                .replace(
                    "\"layers_per_block\": 1", "\"layers_per_block\": 1, \"num_class_embeds\": 3"));
    assertMisfit("network.out_channels", Recipes.tiny(), new Squares(4, 1, 8));
    assertMisfit("dataset.size", Recipes.tiny(), new Squares(4, 3, 16));
    assertMisfit("network.num_class_embeds", classes, new Squares(4, 3, 8));
    assertMisfit("network.num_class_embeds", classes, new Squares(4, 3, 8, "cat", "dog"));
    assertMisfit("network.num_class_embeds", classes, new Squares(8, 3, 8, "a", "b", "c", "d"));
    assertThatThrownBy(() -> training(classes, new Squares(4, 3, 8, "cat", "dog"), folder))
        .hasMessage("network.num_class_embeds is 3, but the images have 2 classes: cat, dog");
    assertThat(folder.resolve("training")).doesNotExist();
  }

  private void assertMisfit(String field, Recipe recipe, ImageDataset data) {
    assertThatThrownBy(() -> training(recipe, data, folder))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  @Test
  void classConditionalNetwork_learnsItsLabels() throws Exception {
    Recipe recipe =
        Recipes.parse(
            Recipes.changed("\"flip\": true", "\"labels\": \"prefix\"")
                .replace(
                    "\"layers_per_block\": 1", "\"layers_per_block\": 1, \"num_class_embeds\": 2"));
    Path out = folder.resolve("model");
    training(recipe, new Squares(8, 3, 8, "cat", "dog"), out)
        .run(false, () -> false, TrainingObserver.NONE);
    ModelFiles files = ModelFolder.openPath(out);
    assertThat(files.card().classes()).containsExactly("cat", "dog");
    Map<String, Tensor> start =
        NetworkProgram.of(
                recipe.network(), Parameterization.direction(1000), recipe.optimizer().step())
            .initialWeights(recipe.seed());
    assertThat(files.readWeights().get("class_embedding.weight").toFloats())
        .isNotEqualTo(start.get("class_embedding.weight").toFloats());
  }
}
