package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Tests a GPU's default on the CPU: bfloat16 networks with channels-last weights. */
class PrecisionTest {
  private static final TorchDevice CPU = TorchDevice.open("cpu", 1);
  private static final ModelFiles FACES = ModelFolder.openPath(Path.of("models/avatars-32"));
  private static final ModelFiles PLANE =
      ModelFolder.openPath(Path.of("models/triangle-square-2d"));
  private static final int SIDE = 32;

  private static float[] ends(Device device, ModelFiles files, float[] x0, int side, int steps) {
    int rows = x0.length / (files.config().outChannels() * side * side);
    try (SamplingNetwork network = ModelResolver.load(device, files)) {
      return UniformSampling.sample(
          network,
          Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(steps)),
          Optional.empty(),
          x0,
          new float[0],
          side,
          side,
          new long[rows]);
    }
  }

  private static float[] noise(int values) {
    float[] x0 = new float[values];
    Noise.gaussian(5, 0, x0, 0, values);
    return x0;
  }

  @Test
  void bf16_imagesAreWithinAFewGreyLevelsOfFloat32() {
    float[] x0 = noise(2 * 3 * SIDE * SIDE);
    float[] exact = ends(CPU, FACES, x0, SIDE, 8);
    float[] rounded = ends(CPU.in(Precision.BF16), FACES, x0, SIDE, 8);
    double squares = 0;
    for (int i = 0; i < exact.length; i++) {
      squares += Math.pow(127.5 * (exact[i] - (double) rounded[i]), 2);
    }
    double levels = Math.sqrt(squares / exact.length);
    assertThat(levels).isBetween(0.01, 4.0); // exactly 0 would mean that nothing was cast
  }

  @Test
  void bf16_releasesFloat32Weights() {
    try (SamplingNetwork network = ModelResolver.load(CPU.in(Precision.BF16), FACES)) {
      assertThat(((TorchNetwork) network).arrays()).isZero();
    }
  }

  @Test
  void bf16_keepsPointsOfThePlane() {
    float[] x0 = noise(2 * 16);
    assertThat(ends(CPU.in(Precision.BF16), PLANE, x0, 1, 8)).isEqualTo(ends(CPU, PLANE, x0, 1, 8));
  }

  @Test
  void cpu_isFloat32ByDefault() {
    assertThat(CPU.precision()).isEqualTo(Precision.FLOAT32);
    TorchDevice bf16 = TorchDevice.open("cpu", 1, Optional.of(Precision.BF16));
    assertThat(bf16.precision()).isEqualTo(Precision.BF16);
    assertThat(bf16.description()).contains(", bf16, ").isNotEqualTo(CPU.description());
  }
}
