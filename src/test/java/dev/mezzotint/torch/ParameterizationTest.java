package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.DdpmSchedule;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Prediction;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.MlpConfig;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import dev.mezzotint.network.TrainStep;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares the program's direction of each prediction with the formulas in {@code iadb}. */
class ParameterizationTest {
  private final Device device = device();
  private static final float[] ALPHAS = {0, 0.003f, 0.2f, 0.5f, 0.97f, 0.995f, 1};

  private static final NetworkConfig UNET =
      NetworkConfig.parse(
          JsonObject.parse(
              """
              {"block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
               "down_block_types": ["DownBlock2D", "DownBlock2D"],
               "up_block_types": ["UpBlock2D", "UpBlock2D"], "add_attention": false}
              """));

  @ParameterizedTest
  @EnumSource(Prediction.class)
  void direction_ofEachPrediction_followsTheFormula(Prediction prediction) {
    boolean ddpm = prediction == Prediction.EPSILON;
    check(prediction, ddpm, UNET, 3, 8);
    check(prediction, ddpm, new MlpConfig(2, List.of(16, 16)), 2, 1);
  }

  /** The prediction {@code sample} of diffusers' schedulers. */
  @Test
  void direction_ofX1WithANoiseSchedule_followsTheFormula() {
    check(Prediction.X1, /* ddpm= */ true, UNET, 3, 8);
  }

  private void check(
      Prediction prediction, boolean ddpm, NetworkConfig config, int channels, int side) {
    DdpmSchedule betas = DdpmSchedule.LINEAR;
    Parameterization reading =
        new Parameterization(prediction, 7, ddpm ? Optional.of(betas) : Optional.empty());
    NetworkProgram program = NetworkProgram.of(config, reading, TrainStep.defaults());
    int values = channels * side * side;
    int rows = ALPHAS.length;
    float[] x = new float[rows * values];
    Noise.gaussian(1, 1, x, 0, x.length);
    long[] slots = new long[rows];
    float[] asked = new float[rows];
    float[] input = new float[x.length];
    float[] t = new float[rows];
    float[] whole = new float[4 * rows];
    for (int row = 0; row < rows; row++) {
      slots[row] = row;
      whole[4 * row] = 1;
      double alpha =
          ddpm
              ? Math.max(betas.alphaStart(), Math.min(betas.alphaEnd(), ALPHAS[row]))
              : Iadb.regularAlpha(prediction, ALPHAS[row]);
      asked[row] = (float) alpha;
      t[row] = (float) (ddpm ? betas.timestep(alpha) : 7 * alpha);
      double scale = ddpm ? Iadb.ddpmScale(alpha) : 1;
      for (int k = 0; k < values; k++) {
        input[row * values + k] = (float) (scale * x[row * values + k]);
      }
    }
    float[] output;
    float[] moved;
    try (SamplingNetwork network = device.load(program, program.initialWeights(3));
        Slots resident = network.slots(rows, side, side)) {
      output = network.evaluate(input, side, side, t, new long[rows]);
      resident.put(slots, x, new float[0]);
      resident.step(slots, ALPHAS, whole, new long[rows]); // g0 = 1: x + d
      moved = resident.take(slots);
    }
    for (int i = 0; i < x.length; i++) {
      double alpha = asked[i / values];
      boolean clamped = ddpm && prediction == Prediction.X1;
      double predicted = clamped ? Math.max(-1, Math.min(1, output[i])) : output[i];
      double direction = Iadb.directionFrom(prediction, x[i], predicted, alpha);
      if (prediction == Prediction.EPSILON) { // x1 is clamped to the range of pixels
        double x1 = Iadb.x1FromDirection(x[i], direction, alpha);
        direction = Iadb.direction(output[i], Math.max(-1, Math.min(1, x1)));
      }
      double tolerance = 2e-5 * Math.max(1, Math.abs(direction));
      assertThat(moved[i] - (double) x[i])
          .as("%s at alpha %s", prediction, ALPHAS[i / values])
          .isCloseTo(direction, within(tolerance + 1e-6 / Math.max(1e-3, 1 - alpha)));
    }
  }

  @Test
  void learnedEmbedding_clampsTheTimestep() {
    NetworkConfig learned =
        NetworkConfig.parse(
            JsonObject.parse(
                """
                {"block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
                 "time_embedding_type": "learned", "num_train_timesteps": 1000,
                 "down_block_types": ["DownBlock2D", "DownBlock2D"],
                 "up_block_types": ["UpBlock2D", "UpBlock2D"], "add_attention": false}
                """));
    NetworkProgram program =
        NetworkProgram.of(learned, Parameterization.direction(1000), TrainStep.defaults());
    float[] x = new float[3 * 64];
    Noise.gaussian(1, 1, x, 0, x.length);
    try (SamplingNetwork network = device.load(program, program.initialWeights(3))) {
      float[] beyond = network.evaluate(x, 8, 8, new float[] {1000}, new long[1]);
      assertThat(beyond).isEqualTo(network.evaluate(x, 8, 8, new float[] {999}, new long[1]));
      assertThat(beyond).isNotEqualTo(network.evaluate(x, 8, 8, new float[] {998}, new long[1]));
    }
  }

  @Test
  void direction_ofADirectionNetwork_isItsOutput() {
    assertThat(Parameterization.direction(1000).ddpm()).isEmpty();
    assertThat(Parameterization.direction(1000).prediction()).isEqualTo(Prediction.DIRECTION);
  }

  /** The device under test; another engine's test is a subclass. */
  Device device() {
    return TorchDevice.open("cpu", 1);
  }
}
