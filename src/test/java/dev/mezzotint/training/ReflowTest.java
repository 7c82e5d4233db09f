package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reflow pairs straighten the paths of a model. */
class ReflowTest {
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final Density TRIANGLE = Density.parse("triangle");
  private static final Density SQUARE = Density.parse("square");
  private static final ModelFiles FROM = ModelFolder.openPath(Path.of("models/triangle-square-2d"));
  private static final String RECIPE =
      """
      {"model": "straight", "from": "triangle-square-2d", "network": NETWORK,
       "timestepScale": SCALE, "p0": "triangle", "p1": "square",
       "reflow": {"pairs": 4000, "steps": 32, "sampler": "ab2"},
       "optimizer": {"learningRate": 0.001, "schedule": "cosine"}, "iterations": 1500,
       "batchSize": 256, "ema": {"decay": 0.99}, "checkpointEvery": 5000, "sampleEvery": 0,
       "seed": 3}
      """;

  @TempDir private Path folder;

  private static Recipe recipe(String what, String with) {
    return Recipes.parse(text(what, with));
  }

  private static String text(String what, String with) {
    String text =
        RECIPE
            .replace(
                "NETWORK",
                new String(JsonText.write(FROM.config().toMap()), StandardCharsets.UTF_8))
            .replace("SCALE", Double.toString(FROM.card().timestepScale()));
    assertThat(text).contains(what);
    return text.replace(what, with);
  }

  @Test
  void reflow_straightensPaths_andKeepsTheirEnds() throws Exception {
    Recipe recipe = recipe("", "");
    Path out = folder.resolve("straight");
    train(recipe, out);
    ModelFiles after = ModelFolder.openPath(out);
    double[] bent = oneStepAgainstMany(FROM);
    double[] straight = oneStepAgainstMany(after);
    System.out.printf(
        "one Euler step against 64 of AB2, root mean square: before %.4f, after %.4f%n",
        bent[0], straight[0]);
    assertThat(straight[0]).isLessThan(0.5 * bent[0]);
    assertThat(straight[1]).isLessThan(bent[1] + 0.03); // points outside of the square
  }

  @Test
  void pairs_areGeneratedOnce_andResumed() throws Exception {
    Recipe recipe = recipe("4000", "100");
    Pairs underlying = Pairs.of(recipe, TRIANGLE, SQUARE);
    Path file = folder.resolve("pairs.f32");
    AtomicInteger passes = new AtomicInteger();
    try (ReflowPairs half =
        ReflowPairs.generate(
            underlying,
            recipe,
            FROM,
            CPU,
            file,
            () -> passes.get() == 2,
            ReflowPairs.PartStore.NONE,
            event -> passes.incrementAndGet())) {
      assertThat(half.isComplete()).isFalse();
    }
    byte[] first = Files.readAllBytes(file);
    assertThat(first).hasSize(2 * 32 * 2 * 4);
    float[] x1 = new float[2];
    try (ReflowPairs whole =
        ReflowPairs.generate(
            underlying,
            recipe,
            FROM,
            CPU,
            file,
            () -> false,
            ReflowPairs.PartStore.NONE,
            event -> passes.incrementAndGet())) {
      assertThat(whole.isComplete()).isTrue();
      assertThat(passes.get()).isEqualTo(4);
      whole.read(7, new float[2], x1, 0, new float[0], 0);
    }
    assertThat(Files.readAllBytes(file)).hasSize(100 * 2 * 4).startsWith(first);
    assertThat(Math.abs(x1[0])).isPositive().isLessThan(1.5f);
  }

  @Test
  void pairs_ofAnotherRecipe_areNotUsed() throws Exception {
    Path out = folder.resolve("left");
    AtomicInteger asked = new AtomicInteger();
    train(recipe("4000", "100"), out, () -> asked.incrementAndGet() > 2); // two of four passes
    Path left = pairs(out);
    assertThat(left).isRegularFile();
    Recipe other = Recipes.parse(text("4000", "100").replace("\"seed\": 3", "\"seed\": 4"));
    train(other, out, () -> false);
    assertThat(left).doesNotExist();
    train(other, folder.resolve("fresh"), () -> false);
    assertThat(pairs(out)).hasSameBinaryContentAs(pairs(folder.resolve("fresh")));
  }

  private static Path pairs(Path out) throws IOException {
    try (Stream<Path> files = Files.list(out.resolve("training"))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".f32"))
          .reduce((one, two) -> fail("found both " + one + " and " + two))
          .orElseThrow();
    }
  }

  @Test
  void aSmallerNetwork_learnsFromTheModel_ifItsImagesAreTheSame() throws Exception {
    String small =
        text("\"iterations\": 1500", "\"iterations\": 2, \"fromStrict\": false")
            .replace("4000", "64")
            .replaceFirst(
                "\"network\": \\{.*?\\}",
                "\"network\": {\"kind\": \"mlp\", \"dimensions\": 2, \"hidden\": [64, 64]}");
    Recipe recipe = Recipes.parse(small);
    Path out = folder.resolve("small");
    train(recipe, out);
    assertThat(ModelFolder.openPath(out).config()).isEqualTo(recipe.network());
    assertThat(recipe.network()).isNotEqualTo(FROM.config());
  }

  @Test
  void reflow_withoutFrom_isRefused() {
    assertThatThrownBy(() -> recipe("\"from\": \"triangle-square-2d\",", ""))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo("reflow"));
    assertThatThrownBy(
            () -> recipe("\"batchSize\"", "\"coupling\": \"optimal-transport\", \"batchSize\""))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo("coupling"));
  }

  private static void train(Recipe recipe, Path out) throws InterruptedException {
    train(recipe, out, () -> false);
  }

  private static void train(Recipe recipe, Path out, BooleanSupplier stopping)
      throws InterruptedException {
    new Training(recipe, Pairs.of(recipe, TRIANGLE, SQUARE), FROM, CPU, out)
        .run(/* resume= */ false, stopping, TrainingObserver.NONE);
  }

  /** How far one step ends from 64, and the share of points that the 64 leave outside. */
  private static double[] oneStepAgainstMany(ModelFiles files) {
    int n = 512;
    float[] x0 = new float[2 * n];
    double[] point = new double[2];
    for (int i = 0; i < n; i++) {
      TRIANGLE.draw(new RandomStream(77, i), point);
      x0[2 * i] = (float) point[0];
      x0[2 * i + 1] = (float) point[1];
    }
    NetworkProgram program =
        NetworkProgram.of(files.config(), Parameterization.of(files.card()), TrainStep.defaults());
    try (SamplingNetwork network = CPU.load(program, files.readWeights())) {
      float[] one = sample(network, Solver.EULER, 1, x0);
      float[] many = sample(network, Solver.AB2, 64, x0);
      double squares = 0;
      double outside = 0;
      for (int i = 0; i < one.length; i++) {
        squares += (one[i] - many[i]) * (one[i] - many[i]) / n;
        outside += Math.abs(many[i]) > 0.9 ? 1.0 / n : 0;
      }
      return new double[] {Math.sqrt(squares), outside};
    }
  }

  private static float[] sample(SamplingNetwork network, Solver solver, int steps, float[] x0) {
    return UniformSampling.sample(
        network,
        solver.stages(AlphaSchedule.UNIFORM.alphas(steps)),
        x0,
        1,
        1,
        new long[x0.length / 2]);
  }
}
