package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import dev.mezzotint.network.TrainStep;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows on the device: independence of each other, solvers, conditions, memory. */
class SlotsTest {
  private final Device device = device();
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final int SIDE = 8;
  private static final int VALUES = 3 * SIDE * SIDE;
  private static final NetworkProgram TINY =
      NetworkProgram.of(
          UNetConfig.parse(
              JsonObject.parse(
                  """
                  {"block_out_channels": [8, 16],
                   "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
                   "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
                   "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 8}
                  """)),
          Parameterization.direction(1000),
          TrainStep.defaults());

  private SamplingNetwork tiny() {
    return device.load(TINY, TINY.initialWeights(3));
  }

  private float[] noise(long seed, int rows) {
    float[] x = new float[rows * VALUES];
    for (int row = 0; row < rows; row++) {
      Noise.gaussian(seed, row, x, row * VALUES, VALUES);
    }
    return x;
  }

  private long[] first(int count) {
    long[] slots = new long[count];
    Arrays.setAll(slots, i -> i);
    return slots;
  }

  /** The row at {@code position} of passes of {@code size}, its neighbours from other noise. */
  private float[] amongNeighbours(
      SamplingNetwork network, int size, int position, long neighbours) {
    float[] x0 = noise(neighbours, size);
    System.arraycopy(noise(1, 1), 0, x0, position * VALUES, VALUES);
    try (Slots slots = network.slots(size, SIDE, SIDE)) {
      slots.put(first(size), x0, new float[0]);
      for (int step = 0; step < 4; step++) {
        float[] alpha = new float[size];
        float[] coefficients = new float[4 * size];
        for (int row = 0; row < size; row++) {
          // Neighbours are at other steps of other solvers.
          alpha[row] = row == position ? step / 4f : (float) Noise.uniform(neighbours, row, step);
          coefficients[4 * row] = row == position ? 0.25f : 0.1f;
          coefficients[4 * row + 1] = row == position ? 0 : -0.05f;
        }
        slots.step(first(size), alpha, coefficients, new long[size]);
      }
      return slots.take(new long[] {position});
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 16})
  void row_doesNotDependOnNeighboursOrPlace(int size) {
    try (SamplingNetwork network = tiny()) {
      float[] once = amongNeighbours(network, size, 0, 100);
      assertThat(amongNeighbours(network, size, 0, 200)).isEqualTo(once);
      assertThat(amongNeighbours(network, size, size - 1, 300)).isEqualTo(once);
      assertThat(amongNeighbours(network, size, size / 2, 400)).isEqualTo(once);
    }
  }

  @Test
  void otherPassSizes_differInTheLastBitsOnly() {
    try (SamplingNetwork network = tiny()) {
      float[] alone = amongNeighbours(network, 1, 0, 100);
      for (int size : new int[] {2, 4, 8, 16}) {
        assertThat(distance(amongNeighbours(network, size, 0, 100), alone)).isLessThan(1e-5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void everySolver_equalsItsStagesInJava(Solver solver) {
    List<Stage> stages = solver.stages(AlphaSchedule.UNIFORM.alphas(5));
    float[] x0 = noise(5, 2);
    try (SamplingNetwork network = tiny();
        Slots slots = network.slots(4, SIDE, SIDE)) {
      long[] used = {3, 1};
      float[] spoilt = new float[2 * VALUES];
      Arrays.fill(spoilt, Float.NaN); // previous content must be cleared: 0 · NaN is NaN
      slots.put(used, spoilt, new float[0]);
      slots.step(used, new float[2], new float[] {1, 0, 0, 0, 1, 0, 0, 0}, new long[2]);
      slots.put(used, x0, new float[0]);
      for (Stage stage : stages) {
        float alpha = (float) stage.alpha();
        slots.step(used, new float[] {alpha, alpha}, twice(stage), new long[2]);
      }
      float[] expected = inJava(network, stages, x0, new float[0], new long[2], SIDE, 1000);
      assertThat(distance(slots.take(used), expected)).isLessThan(2e-5);
    }
  }

  private float[] twice(Stage s) {
    float[] g = {(float) s.g0(), (float) s.g1(), (float) s.g2(), (float) s.g3()};
    return new float[] {g[0], g[1], g[2], g[3], g[0], g[1], g[2], g[3]};
  }

  /** The stages one by one, in double precision, around plain evaluations of the network. */
  private float[] inJava(
      SamplingNetwork network,
      List<Stage> stages,
      float[] x0,
      float[] condition,
      long[] classes,
      int side,
      double timestepScale) {
    int rows = classes.length;
    double[] x = new double[x0.length];
    Arrays.setAll(x, i -> x0[i]);
    double[][] m = new double[3][x.length];
    for (Stage stage : stages) {
      float[] t = new float[rows];
      Arrays.fill(t, (float) (stage.alpha() * timestepScale));
      float[] d = network.evaluate(join(x, condition, rows), side, side, t, classes);
      for (int i = 0; i < x.length; i++) {
        x[i] +=
            stage.g0() * d[i] + stage.g1() * m[0][i] + stage.g2() * m[1][i] + stage.g3() * m[2][i];
        m[2][i] = m[1][i];
        m[1][i] = m[0][i];
        m[0][i] = d[i];
      }
    }
    float[] y = new float[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (float) x[i];
    }
    return y;
  }

  /** N×(C+K)×H×W: each row's condition after its image. */
  private float[] join(double[] x, float[] condition, int rows) {
    int a = x.length / rows;
    int b = condition.length / rows;
    float[] joined = new float[rows * (a + b)];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < a; i++) {
        joined[row * (a + b) + i] = (float) x[row * a + i];
      }
      System.arraycopy(condition, row * b, joined, row * (a + b) + a, b);
    }
    return joined;
  }

  @Test
  void step_usesTheConditionOfEachRow() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("cond_concat/io.safetensors"));
    float[] input = io.get("x").toFloats(); // 2×6×16×16
    int values = 3 * 16 * 16;
    float[] x0 = new float[2 * values];
    float[] condition = new float[2 * values];
    for (int row = 0; row < 2; row++) {
      System.arraycopy(input, 2 * row * values, x0, row * values, values);
      System.arraycopy(input, (2 * row + 1) * values, condition, row * values, values);
    }
    List<Stage> stages = Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(6));
    try (SamplingNetwork network = golden("cond_concat");
        Slots slots = network.slots(3, 16, 16)) {
      long[] used = {2, 0};
      slots.put(used, x0, condition);
      for (Stage stage : stages) {
        float alpha = (float) stage.alpha();
        slots.step(used, new float[] {alpha, alpha}, twice(stage), new long[2]);
      }
      float[] made = slots.take(used);
      float[] expected = inJava(network, stages, x0, condition, new long[2], 16, 1);
      assertThat(distance(made, expected)).isLessThan(1e-5);
      float[] without =
          inJava(network, stages, x0, new float[condition.length], new long[2], 16, 1);
      assertThat(distance(made, without)).isGreaterThan(1e-2);
    }
  }

  @Test
  void step_withCondition_equalsTheReference() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("cond_concat/io.safetensors"));
    float[] input = io.get("x").toFloats();
    float[] t = io.get("t").toFloats();
    float[] y = io.get("y").toFloats();
    int values = 3 * 16 * 16;
    try (SamplingNetwork network = golden("cond_concat");
        Slots slots = network.slots(2, 16, 16)) {
      for (int row = 0; row < 2; row++) {
        float[] x0 = Arrays.copyOfRange(input, 2 * row * values, (2 * row + 1) * values);
        float[] c = Arrays.copyOfRange(input, (2 * row + 1) * values, (2 * row + 2) * values);
        long[] slot = {row};
        slots.put(slot, x0, c);
        slots.step(slot, new float[] {t[row]}, new float[] {1, 0, 0, 0}, new long[1]);
        float[] x1 = slots.take(slot);
        for (int i = 0; i < values; i++) {
          assertThat(x1[i] - x0[i])
              .isCloseTo(y[row * values + i], org.assertj.core.data.Offset.offset(2e-5f));
        }
      }
    }
  }

  @Test
  void step_usesTheClassOfEachRow() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("class_scale_shift/io.safetensors"));
    float[] x = io.get("x").toFloats();
    int values = x.length / 2;
    float[] same = new float[2 * values];
    System.arraycopy(x, 0, same, 0, values);
    System.arraycopy(x, 0, same, values, values);
    List<Stage> stages = Solver.EULER.stages(AlphaSchedule.UNIFORM.alphas(2));
    long[] both = {0, 1};
    long[] labels = {0, 1};
    try (SamplingNetwork network = golden("class_scale_shift");
        Slots slots = network.slots(2, 16, 16)) {
      slots.put(both, same, new float[0]);
      for (Stage stage : stages) {
        float alpha = (float) stage.alpha();
        slots.step(both, new float[] {alpha, alpha}, twice(stage), labels);
      }
      float[] made = slots.take(both);
      float[] expected = inJava(network, stages, same, new float[0], labels, 16, 1);
      assertThat(distance(made, expected)).isLessThan(1e-5);
      assertThat(
              distance(
                  Arrays.copyOfRange(made, 0, values),
                  Arrays.copyOfRange(made, values, 2 * values)))
          .isGreaterThan(1e-4);
    }
  }

  @Test
  void manySteps_leaveNoArrays() {
    assumeTrue(device instanceof TorchDevice, "rows in native memory");
    try (TorchNetwork network = (TorchNetwork) tiny();
        TorchNetwork.TorchSlots slots = network.slots(3, 8, 8)) {
      int before = slots.arrays();
      int weights = network.arrays();
      assertThat(before).isEqualTo(3);
      float[] x0 = noise(1, 2);
      for (int i = 0; i < 2_000; i++) {
        if (i % 10 == 0) {
          slots.put(new long[] {0, 1}, x0, new float[0]);
        }
        slots.step(new long[] {0, 1}, new float[2], new float[8], new long[2]);
        if (i % 10 == 9) {
          slots.take(new long[] {0, 1});
        }
      }
      network.evaluate(x0, SIDE, SIDE, new float[2], new long[2]);
      assertThat(slots.arrays()).isEqualTo(before);
      assertThat(network.arrays()).isEqualTo(weights);
    }
  }

  @Test
  void outOfMemory_throwsAndKeepsTheNetworkUsable() {
    try (SamplingNetwork network = tiny()) {
      assertThatThrownBy(() -> network.slots(1 << 24, 1 << 12, 1 << 12))
          .isInstanceOf(DeviceMemoryException.class);
      try (Slots slots = network.slots(1, SIDE, SIDE)) {
        slots.put(new long[1], noise(1, 1), new float[0]);
        slots.step(new long[1], new float[1], new float[] {1, 0, 0, 0}, new long[1]);
        assertThat(slots.take(new long[1])).isNotEqualTo(noise(1, 1));
      }
    }
  }

  private SamplingNetwork golden(String name) {
    Path folder = GOLDEN.resolve(name);
    return device.load(
        NetworkProgram.of(
            NetworkConfig.read(folder.resolve("config.json")),
            Parameterization.direction(1),
            TrainStep.defaults()),
        SafeTensors.read(folder.resolve("diffusion_pytorch_model.safetensors")));
  }

  private double distance(float[] a, float[] b) {
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
