package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.storage.ObjectTransfer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests invalid requests, refused with one line and exit code 2, and failures with exit code 1. */
class RefusalsTest {
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  @Test
  void refusesInvalidRequests_inOneLine() {
    terminal.refuses("generate --model nothing-here --out @/y", "no bundled model nothing-here");
    terminal.refuses("generate --model @/nothing --out @/y", "there is no model");
    terminal.refuses(
        Terminal.generate("--out @/y --x0 @/nothing.safetensors"), "nothing.safetensors");
    terminal.refuses(Terminal.generate("--out @/y --x0 " + Terminal.IO), "name one: FILE:KEY");
    terminal.refuses(
        Terminal.generate("--out @/y --x0 " + Terminal.IO + ":nope"), "--x0", "has no tensor nope");
    terminal.refuses(
        Terminal.generate("--out @/y --x0 " + Terminal.IO + ":t"), "--x0", "4 axes, not 1");
    terminal.refuses(
        Terminal.generate("--out @/y --x0 " + Terminal.GOLDEN + "cond_concat/io.safetensors:x"),
        "--x0 has 6 channels, the model makes 3");
    terminal.refuses(
        Terminal.generate("--out @/y --count 3 --x0 " + Terminal.IO + ":x"),
        "--count is 3",
        "2 rows");
    terminal.refuses(Terminal.generate("--out @/y --sampler ddim"), "--sampler"); // twice given
    terminal.refuses(
        "generate --model " + Terminal.DEFAULTS + " --sampler ddim --out @/y",
        "unknown sampler 'ddim'");
    terminal.refuses(
        "generate --model " + Terminal.DEFAULTS + " --schedule linear --out @/y", "--schedule");
    for (String steps : new String[] {"0", "-1", "1001"}) {
      terminal.refuses(
          "generate --model " + Terminal.DEFAULTS + " --steps " + steps + " --out @/y",
          "--steps must be from 1");
    }
    terminal.refuses(
        "generate --model " + Terminal.DEFAULTS + " --steps many --out @/y", "--steps", "many");
    for (String count : new String[] {"0", "-1", "1000000000"}) {
      terminal.refuses(
          Terminal.generate("--count " + count + " --out @/y"), "--count must be from 1");
    }
    terminal.refuses(Terminal.generate("--class 1 --out @/y"), "--class", "no classes");
    terminal.refuses(Terminal.generate("--device tpu --out @/y"), "device must be cpu");
    terminal.refuses(
        Terminal.generate("--device cuda:9 --out @/y"), "device cuda:9 does not exist");
    terminal.refuses(Terminal.generate("--guidence 2 --out @/y"), "--guidence");
    terminal.refuses(Terminal.generate(""), "--out");
    terminal.refuses("paint --out @/y", "paint");
    assertThat(folder.resolve("y")).doesNotExist();
  }

  @Test
  void refusesOptionsWithoutEffect() {
    terminal.refuses(Terminal.generate("--out @/y --cfg-zero"), "--cfg-zero needs a --guidance");
    terminal.refuses(Terminal.generate("--out @/y --nearest"), "--nearest is for a --condition");
    terminal.refuses(Terminal.generate("--out @/y --resize"), "--resize is for a --condition");
    assertThat(folder.resolve("y")).doesNotExist();
  }

  @Test
  void refusesSamplesThatAreNotFinite() {
    terminal.refuses( // the logarithm of a timestep of 0
        "generate --model " + Terminal.GOLDEN + "fourier --steps 2 --out @/y",
        "gave a value that is not a number in image 0");
  }

  @Test
  void refusesUnwritableOutput_beforeTheWork() throws IOException {
    Files.writeString(folder.resolve("file"), "mine");
    terminal.refuses(Terminal.generate("--out @/file"), "--out", "is not a folder");
    terminal.refuses(Terminal.generate("--out @/file/below"), "--out");
    String evaluate =
        "evaluate-once --model "
            + Terminal.DEFAULTS
            + " --input "
            + Terminal.IO
            + ":x --t "
            + Terminal.IO
            + ":t --out ";
    terminal.refuses(evaluate + "@/.", "--out", "is a folder");
    terminal.refuses(evaluate + "@/file/below.safetensors", "--out");
    terminal.refuses("import " + Terminal.DEFAULTS + " --to @/file", "--out");
    terminal.refuses("export " + Terminal.DEFAULTS + " --to @/file", "--out");
    assertThat(folder.resolve("file")).hasContent("mine");
  }

  @Test
  void refusesOversizedImages() {
    float[] none = {};
    SafeTensors.write(
        folder.resolve("x.safetensors"),
        Map.of(
            "flat", Tensor.ofFloats(none, 1, 3, 0, 16),
            "none", Tensor.ofFloats(none, 0, 3, 16, 16),
            "odd", Tensor.ofFloats(new float[3 * 16 * 15], 1, 3, 16, 15)),
        Map.of());
    terminal.refuses(Terminal.generate("--out @/y --x0 @/x.safetensors:flat"), "size");
    terminal.refuses(
        Terminal.generate("--out @/y --x0 @/x.safetensors:none"), "--x0 rows must be from 1");
    terminal.refuses(Terminal.generate("--out @/y --x0 @/x.safetensors:odd"), "16x15");
  }

  @Test
  void refusesWeightsThatDoNotFit_namingTheTensor() throws IOException {
    Path model = folder.resolve("model");
    Path weights = model.resolve("diffusion_pytorch_model.safetensors");
    Files.createDirectories(model);
    Files.copy(Path.of(Terminal.DEFAULTS, "config.json"), model.resolve("config.json"));
    String command = "generate --model @/model --steps 1 --out @/y";
    terminal.refuses(command, "model");
    byte[] whole =
        Files.readAllBytes(Path.of(Terminal.DEFAULTS, "diffusion_pytorch_model.safetensors"));
    for (int length : new int[] {0, 7, 100, whole.length / 2, whole.length - 1}) {
      Files.write(weights, Arrays.copyOf(whole, length));
      terminal.refuses(command, "diffusion_pytorch_model.safetensors");
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Files.write(weights, whole);
    tensors.putAll(SafeTensors.read(weights));
    Tensor removed = tensors.remove("conv_out.bias");
    SafeTensors.write(weights, tensors, Map.of());
    terminal.refuses(command, "conv_out.bias", "missing");
    tensors.put("conv_out.bias", Tensor.ofFloats(new float[5], 5));
    SafeTensors.write(weights, tensors, Map.of());
    terminal.refuses(command, "conv_out.bias", "[5]");
    tensors.put("conv_out.bias", removed);
    tensors.put("extra", removed);
    SafeTensors.write(weights, tensors, Map.of());
    terminal.refuses(command, "extra");
    terminal.refuses("export @/model --to @/x", "extra");
    terminal.refuses("import @/model --to @/x", "extra");
  }

  @Test
  void pickleWithCode_isNotExecuted() throws IOException {
    Path trace = folder.resolve("trace");
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    Files.copy(Path.of(Terminal.DEFAULTS, "config.json"), model.resolve("config.json"));
    String pickle = "cos\nsystem\n(S'touch " + trace + "'\ntR.";
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(model.resolve("diffusion_pytorch_model.bin")))) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      zip.write(pickle.getBytes(StandardCharsets.US_ASCII));
      zip.closeEntry();
    }
    terminal.refuses("generate --model @/model --steps 1 --out @/y", "diffusion_pytorch_model.bin");
    terminal.refuses("import @/model --to @/x", "diffusion_pytorch_model.bin");
    assertThat(trace).doesNotExist();
  }

  @Test
  void recipesAndImagesThatDoNotFit_areRefusedInOneLine() throws IOException {
    Terminal.writeImages(folder.resolve("pictures"));
    Path recipe = folder.resolve("recipe.json");
    String train = "train @/recipe.json --data @/pictures --out @/model";
    terminal.refuses(train, "recipe.json cannot be read: no such file or folder");
    Files.writeString(recipe, "iterations: 4");
    terminal.refuses(train, "JSON");
    Files.writeString(recipe, "{\"model\": \"tiny\"}");
    terminal.refuses(train, "network is missing");
    String good = Files.readString(Path.of("models/avatars-32/recipe.json"));
    Files.writeString(recipe, good.replace("\"split\": \"train\",", ""));
    terminal.refuses(
        train.replace("@/pictures", "@/nothing"), "@/nothing".replace("@", folder.toString()));
    Files.createDirectories(folder.resolve("empty"));
    terminal.refuses(train.replace("@/pictures", "@/empty"), "empty");
    Files.writeString(recipe, good.replace("\"iterations\"", "\"iteratons\""));
    terminal.refuses(train, "unknown field", "iteratons");
    Files.writeString(recipe, good);
    terminal.refuses(train, "train");
    assertThat(folder.resolve("model/training")).doesNotExist();
  }

  @Test
  void failure_exitsWith1AndOneLine() {
    for (RuntimeException failure :
        List.of(
            new IllegalStateException("no memory left\n\tat native code"),
            new UnsupportedOperationException())) {
      assertThat(terminal.run(failing(failure), Terminal.generate("--out @/y"))).isEqualTo(1);
      assertThat(terminal.stderr().lines()).as(terminal.stderr()).hasSize(1);
      assertThat(terminal.stderr()).startsWith("error: ").contains("cannot be loaded");
    }
    assertThat(
            terminal.run(
                failing(new IllegalStateException("driver lost")),
                "evaluate-once --model "
                    + Terminal.DEFAULTS
                    + " --input "
                    + Terminal.IO
                    + ":x --t "
                    + Terminal.IO
                    + ":t --out @/y.safetensors"))
        .isEqualTo(1);
    assertThat(terminal.stderr()).isEqualTo("error: driver lost" + System.lineSeparator());
  }

  /** A context whose device fails when weights are loaded. */
  private static CommandContext failing(RuntimeException failure) {
    return new CommandContext() {
      @Override
      public Runnable onShutdown(Runnable toEnd) {
        return () -> {};
      }

      @Override
      public Path bundledModels() {
        throw failure;
      }

      @Override
      public <T> T inStore(Function<StoredModels, T> work) {
        throw failure;
      }

      @Override
      public JobClient client() {
        throw failure;
      }

      @Override
      public ObjectTransfer objects() {
        throw failure;
      }

      @Override
      public Device device(String name) {
        return new Device() {
          @Override
          public int threads() {
            return 1;
          }

          @Override
          public String description() {
            return name();
          }

          @Override
          public long memoryUsedBytes() {
            return 0;
          }

          @Override
          public long memoryBytes() {
            return Long.MAX_VALUE;
          }

          @Override
          public String name() {
            return "broken";
          }

          @Override
          public Precision precision() {
            return Precision.FLOAT32;
          }

          @Override
          public Engine engine() {
            return Engine.PYTORCH;
          }

          @Override
          public Device in(Precision precision) {
            return this;
          }

          @Override
          public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
            throw failure;
          }

          @Override
          public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
            throw failure;
          }
        };
      }

      @Override
      public ModelFiles model(String reference) {
        return Terminal.CONTEXT.model(reference);
      }
    };
  }
}
