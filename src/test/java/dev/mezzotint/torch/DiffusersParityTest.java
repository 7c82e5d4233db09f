package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with outputs of diffusers for weights that diffusers wrote. */
class DiffusersParityTest {
  private final Device device = device();
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iadb_defaults",
        "cond_concat",
        "ddpm_style",
        "class_scale_shift",
        "class_timestep",
        "fourier"
      })
  void evaluate_equalsDiffusers(String name) {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve(name).resolve("io.safetensors"));
    try (SamplingNetwork network = load(name)) {
      for (String suffix : new String[] {"", "2"}) {
        float[] y =
            network.evaluate(
                io.get("x").toFloats(),
                16,
                16,
                io.get("t" + suffix).toFloats(),
                io.containsKey("classes") ? integers(io.get("classes")) : new long[2]);
        assertThat(distance(y, io.get("y" + suffix).toFloats())).isLessThan(2e-5);
      }
    }
  }

  @Test
  void eightEulerSteps_equalTheReferenceLoop() {
    Map<String, Tensor> io = SafeTensors.read(GOLDEN.resolve("iadb_defaults/io.safetensors"));
    long[] both = {0, 1};
    try (SamplingNetwork network = load("iadb_defaults");
        SamplingNetwork.Slots slots = network.slots(3, 16, 16)) {
      slots.put(both, io.get("x").toFloats(), new float[0]);
      for (int step = 0; step < 8; step++) {
        float alpha = step / 8f;
        slots.step(
            both,
            new float[] {alpha, alpha},
            new float[] {0.125f, 0, 0, 0, 0.125f, 0, 0, 0},
            new long[2]);
      }
      assertThat(distance(slots.take(both), io.get("euler8").toFloats())).isLessThan(1e-5);
    }
  }

  @Test
  void officialNetwork_hasTheReferenceWeights() throws IOException {
    UNetConfig official =
        UNetConfig.parse(
            JsonObject.parse(
                """
                {"block_out_channels": [128, 128, 256, 256, 512, 512],
                 "down_block_types": ["DownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D",
                   "AttnDownBlock2D", "DownBlock2D"],
                 "up_block_types": ["UpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D",
                   "UpBlock2D", "UpBlock2D"]}
                """));
    Map<String, long[]> weights =
        NetworkProgram.of(official, Parameterization.direction(1), TrainStep.defaults()).weights();
    List<String> lines = new ArrayList<>();
    weights.forEach((name, shape) -> lines.add(name + " " + Arrays.toString(shape)));
    List<String> expected =
        Files.readAllLines(GOLDEN.resolve("iadb_official_keys_new.txt")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    assertThat(lines).containsExactlyInAnyOrderElementsOf(expected).hasSize(450);
    assertThat(
            weights.values().stream()
                .mapToLong(s -> Arrays.stream(s).reduce(1, (a, b) -> a * b))
                .sum())
        .isEqualTo(113_673_219);
  }

  private long[] integers(Tensor tensor) {
    float[] values = tensor.toFloats();
    long[] integers = new long[values.length];
    Arrays.setAll(integers, i -> (long) values[i]);
    return integers;
  }

  private SamplingNetwork load(String name) {
    Path folder = GOLDEN.resolve(name);
    NetworkProgram program =
        NetworkProgram.of(
            NetworkConfig.read(folder.resolve("config.json")),
            Parameterization.direction(1),
            TrainStep.defaults());
    return device.load(
        program, SafeTensors.read(folder.resolve("diffusion_pytorch_model.safetensors")));
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
