package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares networks with a patch with plain ones on folded images. */
class PatchTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/patch_2");

  private final Device device = device();

  /** The card's two lines of Python around diffusers' network, with a condition. */
  @Test
  void evaluate_equalsDiffusersBetweenTheFolds() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("io.safetensors"));
    try (SamplingNetwork network = ModelResolver.load(device, ModelFolder.openPath(GOLDEN))) {
      for (String suffix : new String[] {"", "2"}) {
        float[] y =
            network.evaluate(
                io.get("x").toFloats(), 16, 16, io.get("t" + suffix).toFloats(), new long[2]);
        assertThat(distance(y, io.get("y" + suffix).toFloats())).isLessThan(2e-5);
      }
    }
  }

  @Test
  void eightEulerSteps_equalTheReferenceLoop() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("io.safetensors"));
    float[] input = io.get("x").toFloats(); // each row: the image, then its condition
    float[] x = new float[2 * 256];
    float[] condition = new float[2 * 256];
    for (int row = 0; row < 2; row++) {
      System.arraycopy(input, row * 512, x, row * 256, 256);
      System.arraycopy(input, row * 512 + 256, condition, row * 256, 256);
    }
    long[] both = {0, 2};
    try (SamplingNetwork network = ModelResolver.load(device, ModelFolder.openPath(GOLDEN));
        SamplingNetwork.Slots slots = network.slots(3, 16, 16)) {
      slots.put(both, x, condition);
      for (int step = 0; step < 8; step++) {
        float[] alpha = {step / 8f, step / 8f};
        slots.step(both, alpha, new float[] {0.125f, 0, 0, 0, 0.125f, 0, 0, 0}, new long[2]);
      }
      assertThat(distance(slots.take(both), io.get("euler8").toFloats())).isLessThan(2e-5);
    }
  }

  @Test
  void openedModel_isSeenInTheSizeAndChannelsOfItsImages() {
    ModelFiles files = ModelFolder.openPath(GOLDEN);
    assertThat(files.config().patch()).isEqualTo(2);
    assertThat(files.config().inChannels()).isEqualTo(2);
    assertThat(files.config().outChannels()).isEqualTo(1);
    assertThat(files.config().conditionChannels()).isEqualTo(1);
    assertThat(files.config().sampleSize()).hasValue(16);
    assertThat(files.config().sizeMultiple()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({"2, 3, 2, 8, 8", "2, 1, 0, 4, 12", "4, 3, 1, 16, 8", "8, 1, 0, 16, 16"})
  void evaluation_equalsThePlainNetworkOnImagesFoldedByHand(
      int patch, int channels, int conditions, int height, int width) {
    int in = channels + conditions;
    int squares = patch * patch;
    NetworkConfig plain =
        NetworkConfig.parse(
            JsonObject.parse(
                """
                {"in_channels": %d, "out_channels": %d, "block_out_channels": [8, 8],
                 "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
                 "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
                 "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4}
                """
                    .formatted(in * squares, channels * squares)));
    NetworkProgram program = program(plain);
    NetworkProgram patched = program(plain.withPatch(patch));
    assertThat(patched.channels()).isEqualTo(channels);
    assertThat(patched.conditionChannels()).isEqualTo(conditions);
    Map<String, Tensor> weights = program.initialWeights(4);
    int rows = 3;
    float[] x = new float[rows * in * height * width];
    Noise.gaussian(11, patch, x, 0, x.length);
    float[] t = {0, 0.4f, 1};
    float[] expected;
    try (SamplingNetwork network = device.load(program, weights)) {
      float[] folded = fold(x, rows, in, height, width, patch, /* back= */ false);
      float[] y = network.evaluate(folded, height / patch, width / patch, t, new long[rows]);
      expected = fold(y, rows, channels, height, width, patch, /* back= */ true);
    }
    try (SamplingNetwork network = device.load(patched, weights)) {
      float[] y = network.evaluate(x, height, width, t, new long[rows]);
      assertThat(distance(y, expected)).isLessThan(1e-6);
      assertThat(distance(y, new float[y.length])).isGreaterThan(0.01);
    }
  }

  private static NetworkProgram program(NetworkConfig config) {
    return NetworkProgram.of(config, Parameterization.direction(1), TrainStep.defaults());
  }

  /**
   * Folds each square of pixels to one pixel, or back.
   *
   * @param channels of the images
   * @param height of the images
   * @param width of the images
   */
  private static float[] fold(
      float[] values, int rows, int channels, int height, int width, int patch, boolean back) {
    float[] out = new float[values.length];
    for (int plane = 0; plane < rows * channels; plane++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int image = (plane * height + y) * width + x;
          int channel = plane * patch * patch + y % patch * patch + x % patch;
          int folded = (channel * (height / patch) + y / patch) * (width / patch) + x / patch;
          out[back ? image : folded] = values[back ? folded : image];
        }
      }
    }
    return out;
  }

  private static double distance(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = Math.max(worst, Math.abs(a[i] - b[i]));
    }
    return worst;
  }

  /** The device under test; another engine's test is a subclass. */
  Device device() {
    return TorchDevice.open("cpu", 1);
  }
}
