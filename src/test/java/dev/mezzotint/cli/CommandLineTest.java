package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.DType;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.torch.TorchDevice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as somebody types them: what they write, what they say, how they exit. */
class CommandLineTest {
  private static final String GOLDEN = "src/test/resources/golden/";
  private static final String DEFAULTS = GOLDEN + "iadb_defaults";
  private static final String IO = DEFAULTS + "/io.safetensors";

  @TempDir Path folder;
  private String said = "";
  private String printed = "";

  private static final Surroundings SURROUNDINGS =
      new Surroundings() {
        @Override
        public Device device(String name) {
          return TorchDevice.open(name.isEmpty() ? "cpu" : name, 1);
        }

        @Override
        public ModelFiles model(String reference) {
          return ModelFolder.open(reference, Path.of("models"));
        }
      };

  /** Arguments are split at spaces; {@code @} stands for the test's folder. */
  private int run(String line) {
    return run(SURROUNDINGS, line);
  }

  private int run(Surroundings surroundings, String line) {
    String[] args = line.replace("@", folder.toString()).split(" ", -1);
    TorchDevice.open("cpu", 1); // the engine's greetings are not ours
    PrintStream err = System.err;
    PrintStream out = System.out;
    ByteArrayOutputStream onErr = new ByteArrayOutputStream();
    ByteArrayOutputStream onOut = new ByteArrayOutputStream();
    System.setErr(new PrintStream(onErr, true, StandardCharsets.UTF_8));
    System.setOut(new PrintStream(onOut, true, StandardCharsets.UTF_8));
    try {
      return Mezzotint.run(surroundings, List.of(), args);
    } finally {
      System.setErr(err);
      System.setOut(out);
      said = onErr.toString(StandardCharsets.UTF_8);
      printed = onOut.toString(StandardCharsets.UTF_8);
    }
  }

  private void succeeds(String line) {
    assertThat(run(line)).as("%s: %s", line, said).isZero();
  }

  private void refuses(String line, String... words) {
    assertThat(run(line)).as("%s: %s", line, said).isEqualTo(2);
    assertThat(said.lines()).as(said).hasSize(1);
    assertThat(said).contains(words).doesNotContain("Exception");
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
  void generatesWhatTheReferenceDoesFromEveryFormOfItsWeights(String file) throws IOException {
    succeeds(
        "generate --model "
            + DEFAULTS
            + file
            + " --x0 "
            + IO
            + ":x --steps 8 --sampler euler"
            + " --out @/new/folder");
    Path out = folder.resolve("new/folder");
    float[] samples = tensor(out.resolve("samples.safetensors"), "samples");
    assertClose(samples, tensor(Path.of(IO), "euler8"));
    assertThat(SafeTensors.read(out.resolve("samples.safetensors")).get("samples").shape())
        .containsExactly(2, 3, 16, 16);
    assertThat(Files.readAllBytes(out.resolve("00001.png")))
        .isEqualTo(Png.encode(Pixels.fromChw(samples, 3 * 256, 3, 16, 16)));
    assertThat(ImageReader.read(Files.readAllBytes(out.resolve("grid.png")), 3).width())
        .isGreaterThan(32);
    assertThat(out.resolve("00002.png")).doesNotExist();
  }

  @Test
  void aSeedGivesTheSamePicturesWhateverTheirNumber() {
    succeeds(generate("--count 2 --seed 7 --out @/two"));
    succeeds(generate("--count 5 --seed 7 --out @/five"));
    succeeds(generate("--count 2 --seed 8 --out @/other"));
    float[] two = tensor(folder.resolve("two/samples.safetensors"), "samples");
    float[] five = tensor(folder.resolve("five/samples.safetensors"), "samples");
    assertClose(Arrays.copyOf(five, two.length), two);
    assertThat(tensor(folder.resolve("other/samples.safetensors"), "samples")).isNotEqualTo(two);
  }

  private static String generate(String more) {
    return "generate --model " + DEFAULTS + " --steps 2 --sampler ab2 " + more;
  }

  @Test
  void aConditionedModelTakesItsCondition() {
    Map<String, Tensor> io = SafeTensors.read(Path.of(GOLDEN + "cond_concat/io.safetensors"));
    float[] x = io.get("x").toFloats();
    float[] condition = Arrays.copyOfRange(x, 3 * 256, 6 * 256);
    SafeTensors.write(
        folder.resolve("c.safetensors"),
        Map.of("c", Tensor.ofFloats(condition, 1, 3, 16, 16)),
        Map.of());
    String command = "generate --model " + GOLDEN + "cond_concat --steps 2 --out @/y";
    succeeds(command + " --condition @/c.safetensors");
    refuses(command, "--condition is needed", "3 channels");
    refuses(command + " --count 2 --condition @/c.safetensors", "[1, 3, 16, 16]", "[2, 3, 16, 16]");
    refuses(generate("--condition @/c.safetensors --out @/z"), "--condition");
  }

  @Test
  void evaluatesOnceExactlyAsStored() {
    for (String name : new String[] {"iadb_defaults", "cond_concat"}) {
      String io = GOLDEN + name + "/io.safetensors";
      for (String suffix : new String[] {"", "2"}) {
        succeeds(
            "evaluate-once --model "
                + GOLDEN
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
    String io = GOLDEN + "class_scale_shift/io.safetensors";
    String command =
        "evaluate-once --model "
            + GOLDEN
            + "class_scale_shift --input "
            + io
            + ":x --t "
            + io
            + ":t"
            + " --out @/c.safetensors";
    succeeds(command + " --class " + io + ":classes");
    assertClose(tensor(folder.resolve("c.safetensors"), "output"), tensor(Path.of(io), "y"));
    refuses(command, "--class is needed");
    SafeTensors.write(
        folder.resolve("k.safetensors"),
        Map.of(
            "half",
            Tensor.ofFloats(new float[] {0, 0.5f}, 2),
            "far",
            Tensor.ofFloats(new float[] {0, 1e6f}, 2)),
        Map.of());
    refuses(command + " --class @/k.safetensors:half", "--class", "0.5", "integer");
    refuses(command + " --class @/k.safetensors:far", "--class", "1000000.0");
  }

  @Test
  void refusesWhatIsWrongWithTheRequestInOneLine() {
    refuses("generate --model nothing-here --out @/y", "no bundled model nothing-here");
    refuses("generate --model @/nothing --out @/y", "there is no model");
    refuses(generate("--out @/y --x0 @/nothing.safetensors"), "nothing.safetensors");
    refuses(generate("--out @/y --x0 " + IO), "say which");
    refuses(generate("--out @/y --x0 " + IO + ":nope"), "--x0", "has no tensor nope");
    refuses(generate("--out @/y --x0 " + IO + ":t"), "--x0", "4 axes, not 1");
    refuses(
        generate("--out @/y --x0 " + GOLDEN + "cond_concat/io.safetensors:x"),
        "--x0 has 6 channels, the model makes 3");
    refuses(generate("--out @/y --count 3 --x0 " + IO + ":x"), "--count is 3", "2 rows");
    refuses(generate("--out @/y --sampler ddim"), "--sampler"); // twice given
    refuses("generate --model " + DEFAULTS + " --sampler ddim --out @/y", "unknown sampler 'ddim'");
    refuses("generate --model " + DEFAULTS + " --schedule linear --out @/y", "--schedule");
    for (String steps : new String[] {"0", "-1", "1001"}) {
      refuses(
          "generate --model " + DEFAULTS + " --steps " + steps + " --out @/y",
          "--steps must be from 1");
    }
    refuses("generate --model " + DEFAULTS + " --steps many --out @/y", "--steps", "many");
    for (String count : new String[] {"0", "-1", "1000000000"}) {
      refuses(generate("--count " + count + " --out @/y"), "--count must be from 1");
    }
    refuses(generate("--class 1 --out @/y"), "--class", "no classes");
    refuses(generate("--device tpu --out @/y"), "device must be cpu");
    refuses(generate("--device cuda:9 --out @/y"), "device cuda:9 is not there");
    refuses(generate("--guidence 2 --out @/y"), "--guidence");
    refuses(generate(""), "--out");
    refuses("paint --out @/y", "paint");
    assertThat(folder.resolve("y")).doesNotExist();
  }

  @Test
  void refusesToWriteWhereItCannotBeforeTheWorkIsDone() throws IOException {
    Files.writeString(folder.resolve("file"), "mine");
    refuses(generate("--out @/file"), "--out", "is not a folder");
    refuses(generate("--out @/file/below"), "--out");
    String evaluate =
        "evaluate-once --model " + DEFAULTS + " --input " + IO + ":x --t " + IO + ":t --out ";
    refuses(evaluate + "@", "--out", "is a folder");
    refuses(evaluate + "@/file/below.safetensors", "--out");
    refuses("import " + DEFAULTS + " --to @/file", "--to");
    refuses("export " + DEFAULTS + " --to @/file", "--to");
    assertThat(folder.resolve("file")).hasContent("mine");
  }

  @Test
  void refusesOversizedPictures() {
    float[] none = {};
    SafeTensors.write(
        folder.resolve("x.safetensors"),
        Map.of(
            "flat", Tensor.ofFloats(none, 1, 3, 0, 16),
            "none", Tensor.ofFloats(none, 0, 3, 16, 16),
            "odd", Tensor.ofFloats(new float[3 * 16 * 15], 1, 3, 16, 15)),
        Map.of());
    refuses(generate("--out @/y --x0 @/x.safetensors:flat"), "size");
    refuses(generate("--out @/y --x0 @/x.safetensors:none"), "--x0 rows must be from 1");
    refuses(generate("--out @/y --x0 @/x.safetensors:odd"), "16x15");
  }

  @Test
  void refusesWeightsThatAreNotTheNetworksByTheTensorsName() throws IOException {
    Path model = folder.resolve("model");
    Path weights = model.resolve("diffusion_pytorch_model.safetensors");
    Files.createDirectories(model);
    Files.copy(Path.of(DEFAULTS, "config.json"), model.resolve("config.json"));
    String command = "generate --model @/model --steps 1 --out @/y";
    refuses(command, "model");
    byte[] whole = Files.readAllBytes(Path.of(DEFAULTS, "diffusion_pytorch_model.safetensors"));
    for (int length : new int[] {0, 7, 100, whole.length / 2, whole.length - 1}) {
      Files.write(weights, Arrays.copyOf(whole, length));
      refuses(command, "diffusion_pytorch_model.safetensors");
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Files.write(weights, whole);
    tensors.putAll(SafeTensors.read(weights));
    Tensor removed = tensors.remove("conv_out.bias");
    SafeTensors.write(weights, tensors, Map.of());
    refuses(command, "conv_out.bias", "missing");
    tensors.put("conv_out.bias", Tensor.ofFloats(new float[5], 5));
    SafeTensors.write(weights, tensors, Map.of());
    refuses(command, "conv_out.bias", "[5]");
    tensors.put("conv_out.bias", removed);
    tensors.put("extra", removed);
    SafeTensors.write(weights, tensors, Map.of());
    refuses(command, "extra");
    refuses("export @/model --to @/x", "extra");
    refuses("import @/model --to @/x", "extra");
  }

  @Test
  void aPickleThatWantsToRunCodeRunsNothing() throws IOException {
    Path trace = folder.resolve("trace");
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    Files.copy(Path.of(DEFAULTS, "config.json"), model.resolve("config.json"));
    String pickle = "cos\nsystem\n(S'touch " + trace + "'\ntR.";
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(model.resolve("diffusion_pytorch_model.bin")))) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      zip.write(pickle.getBytes(StandardCharsets.US_ASCII));
      zip.closeEntry();
    }
    refuses("generate --model @/model --steps 1 --out @/y", "diffusion_pytorch_model.bin");
    refuses("import @/model --to @/x", "diffusion_pytorch_model.bin");
    assertThat(trace).doesNotExist();
  }

  @Test
  void importAndExportLeaveTheNumbersAsTheyWere() throws IOException {
    succeeds("import " + DEFAULTS + "/diffusion_pytorch_model.bin --to @/imported");
    succeeds("export @/imported --to @/exported");
    Map<String, Tensor> before =
        SafeTensors.read(Path.of(DEFAULTS, "diffusion_pytorch_model.safetensors"));
    Map<String, Tensor> after =
        SafeTensors.read(folder.resolve("exported/diffusion_pytorch_model.safetensors"));
    assertThat(after.keySet()).containsExactlyInAnyOrderElementsOf(before.keySet());
    before.forEach(
        (name, tensor) ->
            assertThat(after.get(name).toFloats()).as(name).isEqualTo(tensor.toFloats()));
    succeeds("generate --model @/imported --x0 " + IO + ":x --steps 8 --sampler euler --out @/y");
    assertClose(
        tensor(folder.resolve("y/samples.safetensors"), "samples"), tensor(Path.of(IO), "euler8"));
    succeeds("export @/imported --to @/half --dtype float16");
    assertThat(
            SafeTensors.read(folder.resolve("half/diffusion_pytorch_model.safetensors")).values())
        .allMatch(tensor -> tensor.dtype() == DType.F16);
    refuses("export @/imported --to @/exported", "--to", "a model stands in");
    refuses("import @/imported --to @/exported", "--to", "a model stands in");
    refuses("export @/imported --to @/other --dtype int8", "--dtype");
  }

  @Test
  void trainsResumesAndGeneratesFromWhatItTrained() throws IOException {
    drawPictures(folder.resolve("pictures"));
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
    succeeds(train);
    assertThat(said).contains("20 pictures", "trained 4 steps");
    refuses(train, "a training stands in", "--resume");
    succeeds(train + " --resume");
    succeeds("generate --model @/model --count 3 --steps 2 --out @/y");
    float[] samples = tensor(folder.resolve("y/samples.safetensors"), "samples");
    assertThat(samples).hasSize(3 * 3 * 64);
    for (float value : samples) {
      assertThat(value).isFinite();
    }
  }

  @Test
  void refusesRecipesAndPicturesThatDoNotFitInOneLine() throws IOException {
    drawPictures(folder.resolve("pictures"));
    Path recipe = folder.resolve("recipe.json");
    String train = "train @/recipe.json --data @/pictures --out @/model";
    refuses(train, "recipe.json is not a file");
    Files.writeString(recipe, "iterations: 4");
    refuses(train, "JSON");
    Files.writeString(recipe, "{\"model\": \"tiny\"}");
    refuses(train, "network is missing");
    String good = Files.readString(Path.of("models/avatars-32/recipe.json"));
    Files.writeString(recipe, good.replace("\"split\": \"train\",", ""));
    refuses(train.replace("@/pictures", "@/nothing"), "@/nothing".replace("@", folder.toString()));
    Files.createDirectories(folder.resolve("empty"));
    refuses(train.replace("@/pictures", "@/empty"), "empty");
    Files.writeString(recipe, good);
    refuses(train, "train");
    assertThat(folder.resolve("model/training")).doesNotExist();
  }

  private static void drawPictures(Path to) throws IOException {
    Files.createDirectories(to);
    for (int i = 0; i < 20; i++) {
      float[] chw = new float[3 * 64];
      Arrays.fill(chw, -0.9f + 0.09f * i);
      Files.write(
          to.resolve("flat-%02d.png".formatted(i)), Png.encode(Pixels.fromChw(chw, 0, 3, 8, 8)));
    }
  }

  @Test
  void aFailureThatIsNotTheRequestsFaultExitsWithOneAndSaysWhyInOneLine() {
    for (RuntimeException failure :
        List.of(
            new IllegalStateException("no memory left\n\tat native code"),
            new UnsupportedOperationException())) {
      assertThat(run(failing(failure), generate("--out @/y"))).isEqualTo(1);
      assertThat(said.lines()).as(said).hasSize(1);
      assertThat(said).startsWith("error: ").contains("cannot be loaded");
    }
    assertThat(
            run(
                failing(new IllegalStateException("driver lost")),
                "evaluate-once --model "
                    + DEFAULTS
                    + " --input "
                    + IO
                    + ":x --t "
                    + IO
                    + ":t --out @/y.safetensors"))
        .isEqualTo(1);
    assertThat(said).isEqualTo("error: driver lost" + System.lineSeparator());
  }

  /** A machine whose device breaks as soon as weights are put on it. */
  private static Surroundings failing(RuntimeException failure) {
    return new Surroundings() {
      @Override
      public Device device(String name) {
        return new Device() {
          @Override
          public String name() {
            return "broken";
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
        return SURROUNDINGS.model(reference);
      }
    };
  }

  @Test
  void everyCommandHasHelp() {
    succeeds("--help");
    List<String> commands = new ArrayList<>();
    Stream.of("generate", "evaluate-once", "train", "import", "export").forEach(commands::add);
    assertThat(printed).contains(commands);
    for (String command : commands) {
      succeeds(command + " --help");
      assertThat(printed).contains("Usage: mezzotint " + command, "Example");
      assertThat(said).isEmpty();
    }
  }
}
