package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.ValueInfoProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests commands end to end: files, output and exit codes. */
class CommandLineTest {

  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private static float[] tensor(Path file, String name) {
    return SafeTensors.read(file).get(name).toFloats();
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(1e-4f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/diffusion_pytorch_model.bin", "/old_keys_0.16.safetensors"})
  void generate_matchesReference_forEveryWeightsFormat(String file) throws IOException {
    terminal.succeeds(
        "generate --model "
            + Terminal.DEFAULTS
            + file
            + " --x0 "
            + Terminal.IO
            + ":x --steps 8 --sampler euler"
            + " --out @/new/folder");
    Path out = folder.resolve("new/folder");
    float[] samples = tensor(out.resolve("samples.safetensors"), "samples");
    assertClose(samples, tensor(Path.of(Terminal.IO), "euler8"));
    assertThat(SafeTensors.read(out.resolve("samples.safetensors")).get("samples").shape())
        .containsExactly(2, 3, 16, 16);
    assertThat(ImageReader.read(Files.readAllBytes(out.resolve("00001.png")), 3).bytes())
        .isEqualTo(Pixels.fromChw(samples, 3 * 256, 3, 16, 16).bytes());
    assertThat(ImageReader.read(Files.readAllBytes(out.resolve("grid.png")), 3).width())
        .isEqualTo(4 * (2 * 16 + 3 * 2));
    assertThat(out.resolve("00002.png")).doesNotExist();
  }

  @Test
  void generate_sameSeed_samplesDoNotDependOnCount() {
    terminal.succeeds(Terminal.generate("--count 2 --seed 7 --out @/two"));
    terminal.succeeds(Terminal.generate("--count 5 --seed 7 --out @/five"));
    terminal.succeeds(Terminal.generate("--count 2 --seed 8 --out @/other"));
    float[] two = tensor(folder.resolve("two/samples.safetensors"), "samples");
    float[] five = tensor(folder.resolve("five/samples.safetensors"), "samples");
    assertClose(Arrays.copyOf(five, two.length), two);
    assertThat(tensor(folder.resolve("other/samples.safetensors"), "samples")).isNotEqualTo(two);
  }

  @Test
  void generate_requiresConditionOfModel() {
    Map<String, Tensor> io =
        SafeTensors.read(Path.of(Terminal.GOLDEN + "cond_concat/io.safetensors"));
    float[] x = io.get("x").toFloats();
    float[] condition = Arrays.copyOfRange(x, 3 * 256, 6 * 256);
    SafeTensors.write(
        folder.resolve("c.safetensors"),
        Map.of("c", Tensor.ofFloats(condition, 1, 3, 16, 16)),
        Map.of());
    String command = "generate --model " + Terminal.GOLDEN + "cond_concat --steps 2 --out @/y";
    terminal.succeeds(command + " --condition @/c.safetensors");
    terminal.refuses(command, "--condition is needed", "3 channels");
    terminal.refuses(
        command + " --count 2 --condition @/c.safetensors", "[1, 3, 16, 16]", "[2, 3, 16, 16]");
    terminal.refuses(Terminal.generate("--condition @/c.safetensors --out @/z"), "--condition");
  }

  @Test
  void evaluateOnce_matchesReference() {
    for (String name : new String[] {"iadb_defaults", "cond_concat"}) {
      String io = Terminal.GOLDEN + name + "/io.safetensors";
      for (String suffix : new String[] {"", "2"}) {
        terminal.succeeds(
            "evaluate-once --model "
                + Terminal.GOLDEN
                + name
                + " --input "
                + io
                + ":x --t "
                + io
                + ":t"
                + suffix
                + " --out @/deep/"
                + name
                + suffix
                + ".safetensors");
        assertClose(
            tensor(folder.resolve("deep/" + name + suffix + ".safetensors"), "output"),
            tensor(Path.of(io), "y" + suffix));
      }
    }
    String io = Terminal.GOLDEN + "class_scale_shift/io.safetensors";
    String command =
        "evaluate-once --model "
            + Terminal.GOLDEN
            + "class_scale_shift --input "
            + io
            + ":x --t "
            + io
            + ":t"
            + " --out @/c.safetensors";
    terminal.succeeds(command + " --class " + io + ":classes");
    assertClose(tensor(folder.resolve("c.safetensors"), "output"), tensor(Path.of(io), "y"));
    terminal.refuses(command, "--class is needed");
    SafeTensors.write(
        folder.resolve("k.safetensors"),
        Map.of(
            "half",
            Tensor.ofFloats(new float[] {0, 0.5f}, 2),
            "far",
            Tensor.ofFloats(new float[] {0, 1e6f}, 2)),
        Map.of());
    terminal.refuses(command + " --class @/k.safetensors:half", "--class", "0.5", "integer");
    terminal.refuses(command + " --class @/k.safetensors:far", "--class", "1000000.0");
  }

  @Test
  void importAndExport_keepWeights() throws IOException {
    terminal.succeeds(
        "import " + Terminal.DEFAULTS + "/diffusion_pytorch_model.bin --to @/imported");
    terminal.succeeds("export @/imported --to @/exported");
    Map<String, Tensor> before =
        SafeTensors.read(Path.of(Terminal.DEFAULTS, "diffusion_pytorch_model.safetensors"));
    Map<String, Tensor> after =
        SafeTensors.read(folder.resolve("exported/diffusion_pytorch_model.safetensors"));
    assertThat(after.keySet()).containsExactlyInAnyOrderElementsOf(before.keySet());
    before.forEach(
        (name, tensor) ->
            assertThat(after.get(name).toFloats()).as(name).isEqualTo(tensor.toFloats()));
    terminal.succeeds(
        "generate --model @/imported --x0 "
            + Terminal.IO
            + ":x --steps 8 --sampler euler --out @/y");
    assertClose(
        tensor(folder.resolve("y/samples.safetensors"), "samples"),
        tensor(Path.of(Terminal.IO), "euler8"));
    terminal.succeeds("export @/imported --to @/half --dtype float16");
    assertThat(
            SafeTensors.read(folder.resolve("half/diffusion_pytorch_model.safetensors")).values())
        .allMatch(tensor -> tensor.dtype() == DType.F16);
    terminal.refuses("export @/imported --to @/exported", "--out", "already contains a model");
    terminal.refuses("import @/imported --to @/exported", "--out", "already contains a model");
    terminal.refuses("export @/imported --to @/other --dtype int8", "--dtype");
    terminal.succeeds("export @/imported --to @/net.onnx");
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(folder.resolve("net.onnx")));
    assertThat(onnx.getGraph().getInputList())
        .extracting(ValueInfoProto::getName)
        .containsExactly("x", "t");
    assertThat(terminal.stderr()).contains("inputs x (N, 3, H, W) and t (N), t = alpha * ");
    terminal.refuses(
        "export @/imported --to @/half.onnx --dtype float16", "--dtype must be float32");
  }

  @Test
  void trainsResumesAndGenerates() throws IOException {
    Terminal.writeImages(folder.resolve("pictures"));
    Files.writeString(
        folder.resolve("recipe.json"),
        """
        {"model": "tiny",
         "network": {"sample_size": 8, "block_out_channels": [8, 8],
           "down_block_types": ["DownBlock2D", "DownBlock2D"],
           "up_block_types": ["UpBlock2D", "UpBlock2D"],
           "layers_per_block": 1, "norm_num_groups": 4},
         "dataset": {"size": 8}, "iterations": 4, "batchSize": 4}
        """);
    String train = "train @/recipe.json --data @/pictures --out @/model";
    terminal.succeeds(train);
    assertThat(terminal.stderr()).contains("20 images", "trained 4 steps");
    terminal.refuses(train, "already contains a training run", "--resume");
    terminal.succeeds(train + " --resume");
    terminal.succeeds("generate --model @/model --count 3 --steps 2 --out @/y");
    float[] samples = tensor(folder.resolve("y/samples.safetensors"), "samples");
    assertThat(samples).hasSize(3 * 3 * 64);
    for (float value : samples) {
      assertThat(value).isFinite();
    }
  }

  @Test
  void bareCall_showsHelp() {
    assertThat(terminal.run(Terminal.CONTEXT)).isZero();
    assertThat(terminal.stdout()).contains("Usage: mezzotint", "generate", "worker", "Begin with:");
    assertThat(terminal.stderr()).isEmpty();
  }

  @Test
  void everyCommand_hasHelp() {
    terminal.succeeds("--help");
    List<String> commands = new ArrayList<>();
    Stream.of("generate", "evaluate-once", "train", "import", "export", "pause", "resume", "replay")
        .forEach(commands::add);
    assertThat(terminal.stdout()).contains(commands);
    for (String command : commands) {
      terminal.succeeds(command + " --help");
      assertThat(terminal.stdout()).contains("Usage: mezzotint " + command, "Example");
      assertThat(terminal.stderr()).isEmpty();
    }
  }
}
