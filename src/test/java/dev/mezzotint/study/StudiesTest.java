package dev.mezzotint.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.evaluation.Metric;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.study.Stability.Formulation;
import dev.mezzotint.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Tests the results of studies that the documentation quotes. */
class StudiesTest {
  private static final Logger LOG = Logger.getLogger(StudiesTest.class.getName());
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final Path MODELS = Path.of("models");
  private static final Path IMAGES = Path.of("src/test/resources/images");

  /** The paper's table: with a network that errs, only x1 - x0 improves with more steps. */
  @Test
  void stability_onlyDifferenceImprovesWithSteps() {
    for (Formulation formulation : Formulation.values()) {
      double few = Stability.distance(formulation, 32);
      double many = Stability.distance(formulation, 512);
      if (formulation == Formulation.DIFFERENCE) {
        assertThat(many).isLessThanOrEqualTo(few);
      } else {
        assertThat(many).as("%s", formulation).isGreaterThan(1.2 * few);
        assertThat(many)
            .as("%s", formulation)
            .isGreaterThan(2 * Stability.distance(Formulation.DIFFERENCE, 512));
      }
    }
  }

  @Test
  void paths_converge() throws IOException {
    for (StudyResult finding :
        new StudyResult[] {StochasticPaths.points(), StochasticPaths.triangleToSquare()}) {
      Pixels image =
          ImageReader.read(finding.files().values().iterator().next(), /* channels= */ 3);
      assertThat(image.width()).isGreaterThan(4 * image.height() - 100);
      double before = Double.POSITIVE_INFINITY;
      for (String line : finding.lines()) {
        double distance = Double.parseDouble(line.substring(line.lastIndexOf(' ')));
        assertThat(distance).isLessThan(before);
        before = distance;
      }
    }
  }

  /** 32 real images at 16×16, smoothed by s = 0.1; 64 fixed x0. */
  @Test
  void ab2With32Evaluations_reachesTheErrorOfEulerWith128_onRealImages() throws IOException {
    float[][] images = images();
    int values = images[0].length;
    SolverErrors errors =
        new SolverErrors(
            SolverErrors.along(new SmoothedData(images, 0.1), values), SolverErrors.ROWS, values);
    double euler = errors.error(Solver.EULER, AlphaSchedule.UNIFORM, 128);
    double ab2 = errors.error(Solver.AB2, AlphaSchedule.UNIFORM, 32);
    LOG.info(
        () -> "exact field of images: ab2 at 32 %.5f, euler at 128 %.5f".formatted(ab2, euler));
    assertThat(ab2).isLessThanOrEqualTo(euler);
  }

  @Test
  void planeModel_reachesTheSquare() {
    ModelFiles files = ModelFolder.openPath(MODELS.resolve("triangle-square-2d"));
    try (SamplingNetwork network = load(files)) {
      PlaneDistance.Distances distances =
          PlaneDistance.measure(network, Density.triangle(), Density.square());
      LOG.info(() -> PlaneDistance.result(files.name(), distances).lines().get(0));
      assertThat(distances.ratio()).isLessThanOrEqualTo(1.5);
      assertThat(distances.floor()).isBetween(0.03, 0.06);
    }
  }

  /**
   * The model's own images, as bytes; the command {@code study inversion} takes real ones, which
   * are not part of the sources.
   */
  @Test
  void inversion_roundTripReturnsTheImage() {
    int n = 2;
    int values = 3 * 32 * 32;
    float[] x0 = new float[n * values];
    Noise.gaussian(7, 0, x0, 0, x0.length);
    try (SamplingNetwork network = load(ModelFolder.openPath(MODELS.resolve("avatars-32")))) {
      float[] images =
          UniformSampling.sample(
              network,
              Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(24)),
              x0,
              32,
              32,
              new long[n]);
      for (int i = 0; i < n; i++) {
        Pixels.fromChw(images, i * values, 3, 32, 32).toChw(images, i * values);
      }
      double error = Inversion.roundTrip(network, images, n, 32, 32, 128);
      LOG.info(() -> Inversion.result(n, 128, error).lines().get(0));
      assertThat(error).isLessThan(1 / 255.0);
    }
  }

  /** A measurement whose distances are those of a method of order one, twice the floor at 1. */
  @Test
  void quality_dividesByTheFloorAtEachNumberOfEvaluations() throws IOException {
    ModelCard.TunedSteps tuned = new ModelCard.TunedSteps(Solver.AB2, List.of(0.0, 0.3, 1.0));
    StudyResult result =
        QualityStudy.run(
            "a-model",
            Solver.HEUN,
            List.of(tuned),
            stages -> {
              double[] distance = {20.0 / stages.size()};
              double[] floor = {10};
              return List.of(
                  Metric.of("slicedWasserstein8x8", "", Metric.Better.LOWER, distance, floor),
                  Metric.of("slicedWasserstein", "", Metric.Better.LOWER, distance, floor));
            });

    // Heun evaluates twice a step: one evaluation is not enough.
    assertThat(result.lines().get(1).split(" +"))
        .containsExactly("evaluations", "2", "4", "8", "16", "32");
    assertThat(result.lines().get(2).split(" +"))
        .containsExactly("8x8", "1.00", "0.50", "0.25", "0.13", "0.06");
    assertThat(result.lines().get(4)).isEqualTo("ab2 in 2 tuned steps: mean 1.00");
    Pixels chart =
        ImageReader.read(
            Objects.requireNonNull(result.files().get("quality-a-model.png")), /* channels= */ 3);
    assertThat(chart.width()).isEqualTo(640);
  }

  private static SamplingNetwork load(ModelFiles files) {
    NetworkProgram program =
        NetworkProgram.of(files.config(), Parameterization.of(files.card()), TrainStep.defaults());
    return CPU.load(program, files.readWeights());
  }

  private static float[][] images() throws IOException {
    try (ImageDataset set = ImageDataset.open(IMAGES, DatasetOptions.of(16, 16).withChannels(3))) {
      float[][] images = new float[set.size()][];
      for (int i = 0; i < images.length; i++) {
        images[i] = set.chw(i);
      }
      return images;
    }
  }
}
