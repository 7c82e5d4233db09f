package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.Noise;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.TrainStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Memory over many steps: the number of arrays, and the process memory outside the Java heap.
 * {@code -Dsoak=long} takes 100,000 steps, minutes instead of seconds.
 */
class SoakTest {
  private static final int STEPS = "long".equals(System.getProperty("soak")) ? 100_000 : 5_000;
  private static final int SIDE = 4;

  /** Tolerance for memory that the C library has freed but not returned. */
  private static final long BREATH_BYTES = 24 << 20;

  private static final NetworkProgram TINY =
      NetworkProgram.of(
          UNetConfig.parse(
              JsonObject.parse(
                  """
                  {"block_out_channels": [4], "down_block_types": ["DownBlock2D"],
                   "up_block_types": ["UpBlock2D"], "layers_per_block": 1,
                   "norm_num_groups": 2, "attention_head_dim": 4}
                  """)),
          Parameterization.direction(1000),
          TrainStep.defaults());

  /** Resident anonymous memory of this process, in bytes, without the Java heap's share. */
  private static long nativeBytes() throws IOException {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    long anonymous = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        anonymous = 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return anonymous - Runtime.getRuntime().totalMemory();
  }

  @Test
  void memory_isConstantOverManySteps() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/self/status")));
    TorchDevice cpu = TorchDevice.open("cpu", 1);
    float[] x0 = new float[2 * 3 * SIDE * SIDE];
    Noise.gaussian(1, 0, x0, 0, x0.length);
    try (TorchNetwork network = (TorchNetwork) cpu.load(TINY, TINY.initialWeights(3));
        TorchNetwork.TorchSlots slots = network.slots(9, SIDE, SIDE)) {
      int arrays = slots.arrays();
      int weights = network.arrays();
      long before = 0;
      for (int step = 0; step < STEPS; step++) {
        if (step == STEPS / 5) {
          before = nativeBytes(); // by now every size has occurred and the code is compiled
        }
        int rows = 1 << (step % 4);
        long[] named = new long[rows];
        for (int i = 0; i < rows; i++) {
          named[i] = i;
        }
        if (step % 10 == 0) {
          slots.put(new long[] {0, 1}, x0, new float[0]);
        }
        slots.step(named, new float[rows], new float[4 * rows], new long[rows]);
        if (step % 10 == 9) {
          slots.take(new long[] {0, 1});
        }
      }
      long grown = nativeBytes() - before;
      System.out.printf(
          Locale.ROOT,
          "%d steps: %d arrays as before, native memory grew by %.1f MB%n",
          STEPS,
          slots.arrays() + network.arrays(),
          grown / 1e6);
      assertThat(slots.arrays()).isEqualTo(arrays);
      assertThat(network.arrays()).isEqualTo(weights);
      assertThat(grown).isLessThan(BREATH_BYTES);
    }
  }
}
