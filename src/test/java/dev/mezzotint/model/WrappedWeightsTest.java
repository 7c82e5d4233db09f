package dev.mezzotint.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights as training scripts and PyTorch's wrappers save them. */
class WrappedWeightsTest {
  private static final Map<String, Tensor> WEIGHTS = SafeTensors.read(Golden.SAFETENSORS);

  @TempDir Path folder;

  private static Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    WEIGHTS.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }

  private ModelFiles model(Map<String, Tensor> weights) throws IOException {
    Files.copy(Golden.DEFAULTS.resolve("config.json"), folder.resolve("config.json"));
    SafeTensors.write(folder.resolve(WeightsFile.SAFETENSORS), weights, Map.of());
    return ModelFolder.openPath(folder);
  }

  private static Map<String, Tensor> renamed(UnaryOperator<String> rename) {
    Map<String, Tensor> renamed = new LinkedHashMap<>();
    WEIGHTS.forEach((name, tensor) -> renamed.put(rename.apply(name), tensor));
    return renamed;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "_orig_mod.",
        "module.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "model.",
        "unet.",
        "net.unet.",
        "ema_model.module.",
        "diffusion.model.0."
      })
  void prefixOfAllNames_isRemoved(String prefix) throws IOException {
    assertThat(model(renamed(name -> prefix + name)).readWeights(shapes())).isEqualTo(WEIGHTS);
  }

  @Test
  void partsWithinNames_areRemoved() throws IOException {
    Map<String, Tensor> weights =
        renamed(
            name ->
                name.startsWith("down_blocks.0.")
                    ? name.replace("down_blocks.0.", "down_blocks.0._orig_mod.")
                    : name.replace("mid_block.", "mid_block._checkpoint_wrapped_module."));
    weights.put("n_averaged", new Tensor(DType.I64, new long[0], java.nio.ByteBuffer.allocate(8)));
    assertThat(model(weights).readWeights(shapes())).isEqualTo(WEIGHTS);
  }

  @Test
  void averagedModelOfPyTorch_isRead() throws IOException {
    Map<String, Tensor> weights = renamed(name -> "module." + name);
    weights.put("n_averaged", new Tensor(DType.I64, new long[0], java.nio.ByteBuffer.allocate(8)));
    assertThat(model(weights).readWeights(shapes())).isEqualTo(WEIGHTS);
  }

  @Test
  void namesThatDoNotFit_areShown() throws IOException {
    Map<String, Tensor> two = renamed(name -> "model." + name);
    two.putAll(renamed(name -> "ema." + name));
    ModelFiles files = model(two);
    assertThatThrownBy(() -> files.readWeights(shapes()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("is missing")
        .hasMessageContaining(WEIGHTS.size() + " missing")
        .hasMessageContaining("\"model.conv_in.bias\"")
        .hasMessageEndingWith("…)");
  }

  @Test
  void prefixOfOtherWeights_doesNotHideWhatIsMissing() throws IOException {
    Map<String, Tensor> weights = renamed(name -> "model." + name);
    weights.remove("model.conv_out.bias");
    ModelFiles files = model(weights);
    assertThatThrownBy(() -> files.readWeights(shapes()))
        .hasMessageStartingWith("tensor \"conv_out.bias\" is missing")
        .hasMessageNotContaining("unexpected");
  }

  /** A dict of one tensor under each of these keys, next to what scripts save with it. */
  private Path checkpoint(List<String> keys, boolean withLoss) {
    PickleFile pickle = PickleFile.begin().op("}(").text("epoch").integer(7);
    pickle.text("optimizer").op("}(").text("state").op("}").text("lr").integer(1).op("u");
    if (withLoss) { // as in PyTorch's tutorial
      pickle.text("loss").tensor("0", 1, 0, new int[] {1}, new int[] {1});
    }
    for (int i = 0; i < keys.size(); i++) {
      pickle
          .text(keys.get(i))
          .op("}")
          .text("t" + i)
          .tensor("0", 1, 0, new int[] {1}, new int[] {1})
          .op("s");
    }
    return pickle.op("u.").floats("0", 5).write(folder.resolve("w.pt"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "state_dict",
        "model_state_dict",
        "model",
        "ema",
        "net",
        "unet",
        "weights_of_my_own_script"
      })
  void onlyDictOfTensors_isRead_underAnyKey(String key) {
    for (boolean withLoss : new boolean[] {false, true}) {
      assertThat(PickleWeights.read(checkpoint(List.of(key), withLoss))).containsOnlyKeys("t0");
    }
  }

  @Test
  void dictInADict_isRead() {
    Path file =
        PickleFile.begin()
            .op("}")
            .text("ema")
            .op("}(")
            .text("decay")
            .integer(1)
            .text("params")
            .op("}")
            .text("a")
            .tensor("0", 1, 0, new int[] {1}, new int[] {1})
            .op("sus.")
            .floats("0", 5)
            .write(folder.resolve("w.pt"));
    assertThat(PickleWeights.read(file)).containsOnlyKeys("a");
  }

  @Test
  void ofSeveralDicts_theModelIsRead_andUnknownOnesAreNamed() {
    assertThat(PickleWeights.read(checkpoint(List.of("ema", "model"), false)))
        .containsOnlyKeys("t1");
    assertThat(PickleWeights.read(checkpoint(List.of("critic", "net", "ema"), true)))
        .containsOnlyKeys("t1");
    Path unknown = checkpoint(List.of("critic", "painter"), false);
    assertThatThrownBy(() -> PickleWeights.read(unknown))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("several dicts of tensors")
        .hasMessageContaining("\"critic\", \"painter\"");
  }

  @Test
  void checkpointWithoutTensors_namesItsKeys() {
    Path none = checkpoint(List.of(), false);
    assertThatThrownBy(() -> PickleWeights.read(none))
        .hasMessageContaining("contains no tensors, but only: \"epoch\", \"optimizer\"");
  }

  @Test
  void filesOfOtherFormats_areNamed() throws IOException {
    Path safetensors = folder.resolve("w.safetensors");
    Path pickle = folder.resolve("w.bin");
    for (Path file : List.of(safetensors, pickle)) {
      Files.writeString(
          file, "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n");
      refuses(file, "is a pointer of git-lfs, not the file itself: run git lfs pull");
      Files.writeString(file, "<!doctype html>\n<title>Sign in</title>");
      refuses(file, "is an HTML page, not the file itself");
    }
    Files.copy(Golden.BIN, safetensors, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    refuses(safetensors, "give it the ending .bin");
    Files.copy(Golden.SAFETENSORS, pickle, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    refuses(pickle, "is a safetensors file: give it the ending .safetensors");
    Path script =
        PickleFile.begin()
            .op("}.")
            .entry("w/constants.pkl", "N.".getBytes(StandardCharsets.US_ASCII))
            .write(pickle);
    refuses(script, "is a TorchScript program");
  }

  private static void refuses(Path file, String reason) {
    assertThatThrownBy(() -> WeightsFile.read(file))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageStartingWith(file.getFileName() + "")
        .hasMessageContaining(reason);
  }
}
