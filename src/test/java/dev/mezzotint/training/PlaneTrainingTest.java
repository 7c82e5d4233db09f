package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.torch.TorchDevice;
import dev.mezzotint.training.recipe.Recipe;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Densities of the plane and a perceptron, through the same trainer as images. */
class PlaneTrainingTest {
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final String RECIPE =
      """
      {"model": "plane", "network": {"kind": "mlp", "hidden": [32, 32]}, "timestepScale": 1,
       "prediction": "PREDICTION", "p0": "gaussian", "p1": "square",
       "optimizer": {"learningRate": 0.005}, "iterations": 1200, "batchSize": 128,
       "ema": {"decay": 0.98}, "checkpointEvery": 1000, "sampleEvery": 0, "seed": 3}
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"direction", "x0", "x1"})
  void learnsTheSquare_withEachPrediction(String prediction) throws InterruptedException {
    Recipe recipe = Recipes.parse(RECIPE.replace("PREDICTION", prediction));
    Pairs pairs = Pairs.of(recipe, Density.parse("gaussian"), Density.parse("square"));
    Path out = folder.resolve("model");
    new Training(recipe, pairs, /* from= */ null, CPU, out)
        .run(false, () -> false, TrainingObserver.NONE);
    ModelFiles files = ModelFolder.openPath(out);
    assertThat(files.config()).isInstanceOf(MlpConfig.class);
    assertThat(files.card().p0()).isEqualTo("gaussian");
    assertThat(files.card().prediction().wireName()).isEqualTo(prediction);
    int n = 512;
    float[] x0 = new float[2 * n];
    double[] point = new double[2];
    for (int i = 0; i < n; i++) {
      Density.parse("gaussian").draw(new RandomStream(77, i), point);
      x0[2 * i] = (float) point[0];
      x0[2 * i + 1] = (float) point[1];
    }
    NetworkProgram program =
        NetworkProgram.of(
            files.config(), Parameterization.of(files.card()), recipe.optimizer().step());
    double squares = 0;
    double outside = 0;
    try (SamplingNetwork network = CPU.load(program, files.readWeights())) {
      float[] x1 =
          UniformSampling.sample(
              network, Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(32)), x0, 1, 1, new long[n]);
      for (int i = 0; i < 2 * n; i++) {
        squares += x1[i] * x1[i] / (2.0 * n);
        outside += Math.abs(x1[i]) > 0.9 ? 1 / (2.0 * n) : 0;
      }
    }
    // The square's second moment; noise itself would have 1 and lie outside by a third.
    assertThat(squares).isCloseTo(0.75 * 0.75 / 3, within(0.05));
    assertThat(outside).isLessThan(0.05);
  }

  @Test
  void densitiesWithDataset_areRefused() {
    String recipe = RECIPE.replace("PREDICTION", "direction");
    assertThatThrownBy(() -> Recipes.parse(recipe.replace("\"p1\": \"square\",", "")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("p1");
    assertThatThrownBy(() -> Recipes.parse(recipe.replace("square", "circle")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("triangle");
    assertThatThrownBy(
            () -> Recipes.parse(recipe.replace("\"p1\"", "\"dataset\": {\"size\": 8}, \"p1\"")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("dataset is not for a perceptron");
    assertThatThrownBy(
            () -> Recipes.parse(recipe.replace("\"kind\"", "\"dimensions\": 3, \"kind\"")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("dimensions");
    assertThatThrownBy(() -> Recipes.parse(recipe.replace("direction", "epsilon")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("prediction");
  }

  @Test
  void p0Split_readsX0FromAnotherFolder() {
    Recipe recipe = Recipes.tiny("\"seed\": 5", "\"p0\": \"split:other\", \"seed\": 5");
    assertThat(recipe.data().p0Split()).contains("other");
    Pairs pairs = Pairs.of(recipe, new Squares(5, 3, 8), new Squares(7, 3, 8));
    float[] x0 = new float[192];
    float[] x1 = new float[192];
    pairs.read(0, x0, x1, 0, new float[0], 0);
    for (float value : x0) {
      assertThat(value).isBetween(-1f, 1f); // an image, not noise
    }
    assertThatThrownBy(() -> Pairs.of(recipe, new Squares(5, 3, 4), new Squares(7, 3, 8)))
        .isInstanceOf(InvalidInputException.class);
  }
}
