package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import dev.mezzotint.network.TrainStep;
import dev.mezzotint.network.UnconditionalInput;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Compares guidance on the device with its formula. */
class GuidedStepTest {
  private final Device device = device();
  private static final int SIDE = 8;
  private static final int VALUES = 3 * SIDE * SIDE;
  private static final int NULL = 2;
  private static final NetworkProgram PROGRAM =
      NetworkProgram.of(
          NetworkConfig.parse(
              JsonObject.parse(
                  """
                  {"block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
                   "down_block_types": ["DownBlock2D", "DownBlock2D"],
                   "up_block_types": ["UpBlock2D", "UpBlock2D"], "add_attention": false,
                   "num_class_embeds": 3}
                  """)),
          Parameterization.direction(10),
          TrainStep.defaults());

  private static final long[] SLOTS = {0, 1, 2, 3};
  private static final float[] ALPHA = {0.1f, 0.4f, 0.6f, 0.9f};
  private static final long[] CLASSES = {0, 1, 0, 1};
  private static final float[] WHOLE = new float[16];

  static {
    for (int row = 0; row < 4; row++) {
      WHOLE[4 * row] = 1; // x + d
    }
  }

  private float[] noise() {
    float[] x = new float[4 * VALUES];
    Noise.gaussian(1, 0, x, 0, x.length);
    return x;
  }

  private float[] stepped(SamplingNetwork network, long[] classes) {
    try (Slots slots = network.slots(4, SIDE, SIDE)) {
      slots.put(SLOTS, noise(), new float[0]);
      slots.step(SLOTS, ALPHA, WHOLE, classes);
      return slots.take(SLOTS);
    }
  }

  private float[] guided(SamplingNetwork network, float[] weights, boolean[] zeroStar) {
    try (Slots slots = network.slots(4, SIDE, SIDE)) {
      slots.put(SLOTS, noise(), new float[0]);
      slots.guidedStep(
          SLOTS,
          ALPHA,
          WHOLE,
          CLASSES,
          weights,
          zeroStar,
          new UnconditionalInput(OptionalInt.of(NULL), false));
      return slots.take(SLOTS);
    }
  }

  @Test
  void weightOne_equalsNoGuidanceBitForBit() {
    try (SamplingNetwork network = device.load(PROGRAM, PROGRAM.initialWeights(3))) {
      float[] plain = stepped(network, CLASSES);
      boolean[] star = {true, false, true, false};
      assertThat(guided(network, new float[] {1, 1, 1, 1}, star)).isEqualTo(plain);
      // So do rows of weight 1 among guided ones.
      float[] mixed = guided(network, new float[] {1, 3, 1, 3}, star);
      for (int row : new int[] {0, 2}) {
        assertThat(Arrays.copyOfRange(mixed, row * VALUES, (row + 1) * VALUES))
            .isEqualTo(Arrays.copyOfRange(plain, row * VALUES, (row + 1) * VALUES));
      }
    }
  }

  @Test
  void guidedDirection_followsTheFormula() {
    try (SamplingNetwork network = device.load(PROGRAM, PROGRAM.initialWeights(3))) {
      float[] x = noise();
      float[] with = stepped(network, CLASSES);
      float[] without = stepped(network, new long[] {NULL, NULL, NULL, NULL});
      float[] weights = {3, 3, 0, 0.5f};
      boolean[] star = {false, true, true, false};
      float[] moved = guided(network, weights, star);
      for (int row = 0; row < 4; row++) {
        float[] c = new float[VALUES];
        float[] u = new float[VALUES];
        for (int k = 0; k < VALUES; k++) {
          int at = row * VALUES + k;
          c[k] = with[at] - x[at];
          u[k] = without[at] - x[at];
        }
        float[] v = new float[VALUES];
        new Guidance(weights[row], star[row]).apply(c, u, v);
        for (int k = 0; k < VALUES; k++) {
          int at = row * VALUES + k;
          assertThat(moved[at] - x[at]).isCloseTo(v[k], within(2e-5f));
        }
      }
    }
  }

  @Test
  void guidanceByCondition_zeroesTheCondition() {
    NetworkProgram program =
        NetworkProgram.of(
            NetworkConfig.parse(
                JsonObject.parse(
                    """
                    {"in_channels": 5, "block_out_channels": [8, 8], "layers_per_block": 1,
                     "norm_num_groups": 4, "down_block_types": ["DownBlock2D", "DownBlock2D"],
                     "up_block_types": ["UpBlock2D", "UpBlock2D"], "add_attention": false}
                    """)),
            Parameterization.direction(10),
            TrainStep.defaults());
    float[] condition = new float[4 * 2 * SIDE * SIDE];
    Noise.gaussian(9, 0, condition, 0, condition.length);
    float[] weights = {2, 1, 3, 0};
    float[] x = noise();
    try (SamplingNetwork network = device.load(program, program.initialWeights(3));
        Slots slots = network.slots(4, SIDE, SIDE)) {
      slots.put(SLOTS, x, condition);
      slots.step(SLOTS, ALPHA, WHOLE, new long[4]);
      float[] with = slots.take(SLOTS);
      slots.put(SLOTS, x, new float[condition.length]);
      slots.step(SLOTS, ALPHA, WHOLE, new long[4]);
      float[] without = slots.take(SLOTS);
      slots.put(SLOTS, x, condition);
      slots.guidedStep(
          SLOTS,
          ALPHA,
          WHOLE,
          new long[4],
          weights,
          new boolean[4],
          new UnconditionalInput(OptionalInt.empty(), /* withoutCondition= */ true));
      float[] moved = slots.take(SLOTS);
      for (int k = 0; k < moved.length; k++) {
        float w = weights[k / VALUES];
        float expected = (1 - w) * (without[k] - x[k]) + w * (with[k] - x[k]);
        assertThat(moved[k] - x[k]).isCloseTo(expected, within(2e-5f));
      }
      assertThat(with).isNotEqualTo(without);
    }
  }

  @Test
  void peekAndOverwrite_keepTheHistory() {
    try (SamplingNetwork network = device.load(PROGRAM, PROGRAM.initialWeights(3));
        Slots slots = network.slots(4, SIDE, SIDE)) {
      slots.put(SLOTS, noise(), new float[0]);
      slots.step(SLOTS, ALPHA, WHOLE, CLASSES);
      float[] before = slots.peek(SLOTS);
      float[] other = new float[VALUES];
      slots.overwrite(new long[] {2}, other);
      float[] after = slots.peek(SLOTS);
      assertThat(Arrays.copyOfRange(after, 2 * VALUES, 3 * VALUES)).isEqualTo(other);
      assertThat(Arrays.copyOf(after, 2 * VALUES)).isEqualTo(Arrays.copyOf(before, 2 * VALUES));
      // g1 only: the previous step's direction is kept.
      float[] remembered = new float[4];
      remembered[1] = 1;
      slots.step(new long[] {2}, new float[] {0.5f}, remembered, new long[] {0});
      float[] x = noise();
      float[] moved = slots.peek(new long[] {2});
      for (int k = 0; k < VALUES; k++) {
        int at = 2 * VALUES + k;
        assertThat(moved[k]).isCloseTo(before[at] - x[at], within(1e-5f));
      }
    }
  }

  /** The device under test; another engine's test is a subclass. */
  Device device() {
    return TorchDevice.open("cpu", 1);
  }
}
