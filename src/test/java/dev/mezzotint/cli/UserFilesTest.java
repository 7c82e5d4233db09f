package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.SafeTensors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on files as people have them: links, pointers, foreign pipelines, other formats. */
class UserFilesTest {
  private static final String ZIPS = "src/test/resources/zips/";
  private static final String POINTER =
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";

  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private Path image(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, Png.encode(new Pixels(8, 8, 3, new byte[3 * 64])));
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), text);
  }

  @Test
  void datasetsCheck_readsLinkedClassFolders() throws IOException {
    for (int i = 0; i < 3; i++) {
      image("real/dog/" + i + ".png");
      image("set/cat/" + i + ".png");
    }
    Files.createSymbolicLink(folder.resolve("set/dog"), Path.of("../real/dog"));
    Files.createSymbolicLink(folder.resolve("set/cat/up"), Path.of(".."));
    Files.createSymbolicLink(folder.resolve("root"), Path.of("set"));
    terminal.succeeds("datasets check @/root --labels folder --size 8");
    assertThat(terminal.stdout()).contains("6 images", "cat (3)", "dog (3)");
  }

  @Test
  void datasetsCheck_namesLinksWithoutTarget() throws IOException {
    for (int i = 0; i < 40; i++) {
      image("set/" + i + ".png");
    }
    Files.createSymbolicLink(folder.resolve("set/lost.png"), Path.of("gone.png"));
    terminal.succeeds("datasets check @/set --size 8");
    assertThat(terminal.stdout())
        .contains("broken: lost.png is a link to gone.png, which does not exist");
  }

  @Test
  void datasetsCheck_readsZipsOfWindows() {
    terminal.succeeds("datasets check " + ZIPS + "cp437.zip --labels folder --size 32");
    assertThat(terminal.stdout()).contains("24 images", "Straße (24)");
    terminal.succeeds("datasets check " + ZIPS + "backslash.zip --labels folder --size 32");
    assertThat(terminal.stdout())
        .contains("splits: train")
        .contains("2 classes: cat (12), dog (12)");
    terminal.refuses(
        "datasets check " + ZIPS + "deflate64.zip --size 32",
        "deflate64.zip is packed by deflate64");
  }

  @Test
  void datasetsCheck_namesPointersInPlaceOfZipsAndIdxFiles() throws IOException {
    write("set.zip", POINTER);
    terminal.refuses("datasets check @/set.zip", "set.zip is a pointer of git-lfs");
    write("idx/train-images-idx3-ubyte.gz", POINTER);
    terminal.refuses("datasets check @/idx", "idx3-ubyte.gz is a pointer of git-lfs");
    write("idx/train-images-idx3-ubyte.gz", "not gzip at all, but long enough");
    terminal.refuses("datasets check @/idx", "train-images-idx3-ubyte.gz", "GZIP");
  }

  @Test
  void datasetsCheck_reportsFilesOfOtherKinds() throws IOException {
    image("set/1.png");
    image("set/2.PNG");
    image("set/3.apng");
    write("set/4.bmp", "BM");
    write("set/5.tif", "II");
    write("set/6.tif", "II");
    write("set/README", "text");
    terminal.succeeds("datasets check @/set --size 8");
    assertThat(terminal.stdout())
        .contains("3 images")
        .contains("passed over, of other kinds: .tif (2), .bmp (1), without ending (1)");
    write("other/4.bmp", "BM");
    terminal.refuses("datasets check @/other", "contains no PNG", "(1 other files: .bmp)");
  }

  @Test
  void datasetsCheck_refusesASingleImage_asTrainingDoes() throws IOException {
    image("set/1.png");
    assertThat(terminal.run("datasets check @/set --size 8")).isEqualTo(2);
    assertThat(terminal.stdout()).contains("0 broken of 1, a training needs at least 2 images");
    assertThat(terminal.stdout()).doesNotContain("accepted");
  }

  @Test
  void import_ofADdpmPipeline_saysWhatItPredicts() throws IOException {
    copyModel("pipeline/unet");
    terminal.succeeds("import @/pipeline --to @/plain");
    assertThat(terminal.stderr())
        .contains("predicts direction, timestep = alpha x 1.0")
        .contains("warning: ", "neither a card nor a scheduler");
    write(
        "pipeline/scheduler/scheduler_config.json",
        "{\"_class_name\": \"DDIMScheduler\", \"prediction_type\": \"epsilon\"}");
    terminal.succeeds("import @/pipeline --to @/imported");
    assertThat(terminal.stderr())
        .contains("predicts epsilon with the noise schedule of its training")
        .doesNotContain("warning");
    assertThat(folder.resolve("imported/model.json")).content().contains("\"noiseSchedule\"");
    terminal.succeeds("generate --model @/pipeline --count 1 --steps 2 --out @/y");
    write(
        "pipeline/scheduler/scheduler_config.json",
        "{\"_class_name\": \"DDIMScheduler\", \"prediction_type\": \"v_prediction\"}");
    terminal.refuses("import @/pipeline --to @/other", "prediction_type", "v_prediction");
    terminal.refuses("generate --model @/pipeline --steps 2 --out @/y", "v_prediction");
  }

  private void copyModel(String to) throws IOException {
    Files.createDirectories(folder.resolve(to));
    for (String file : new String[] {"config.json", "diffusion_pytorch_model.safetensors"}) {
      Files.copy(Path.of(Terminal.DEFAULTS, file), folder.resolve(to).resolve(file));
    }
  }

  @Test
  void wrappedWeights_areImported_andGenerated() throws IOException {
    copyModel("compiled");
    Path weights = folder.resolve("compiled/diffusion_pytorch_model.safetensors");
    Map<String, dev.mezzotint.model.Tensor> wrapped = new LinkedHashMap<>();
    SafeTensors.read(weights).forEach((name, tensor) -> wrapped.put("_orig_mod." + name, tensor));
    SafeTensors.write(weights, wrapped, Map.of());
    terminal.succeeds("generate --model @/compiled --count 1 --steps 1 --out @/y");
    terminal.succeeds("import @/compiled --to @/imported");
    assertThat(
            SafeTensors.read(folder.resolve("imported/diffusion_pytorch_model.safetensors"))
                .keySet())
        .contains("conv_in.weight")
        .noneMatch(name -> name.startsWith("_"));
    Files.writeString(weights, POINTER);
    terminal.refuses("import @/compiled --to @/other", "is a pointer of git-lfs", "git lfs pull");
  }

  @Test
  void brokenJson_isNamedWithItsFile() throws IOException {
    write("broken.json", "{\"model\": NaN}");
    for (String command :
        new String[] {
          "train @/broken.json --out @/m",
          "datasets check @/x --recipe @/broken.json",
          "submit @/broken.json"
        }) {
      terminal.refuses(command, "broken.json is not valid JSON: Non-standard token 'NaN'");
    }
  }

  @Test
  void unreadableOutput_isRefusedInWords() throws IOException {
    write("file", "mine");
    terminal.refuses(
        Terminal.generate("--out @/file/below"), "--out", "cannot be created: not a directory");
  }

  @Test
  void submit_readsStandardInput() {
    InputStream before = System.in;
    OneSystem system = new OneSystem();
    try {
      System.setIn(
          new ByteArrayInputStream(
              "{\"id\": \"piped\", \"model\": \"avatars-32\"}".getBytes(StandardCharsets.UTF_8)));
      assertThat(terminal.run(system, "submit -")).as(terminal.stderr()).isZero();
    } finally {
      System.setIn(before);
    }
    assertThat(system.asked).anyMatch(asked -> asked.contains("piped"));
  }

  @Test
  void put_takesALinkedFolder_andLinksInIt() throws IOException {
    write("real/1.png", "one");
    write("set/2.png", "two");
    Files.createSymbolicLink(folder.resolve("set/more"), Path.of("../real"));
    Files.createSymbolicLink(folder.resolve("link"), Path.of("set"));
    OneSystem system = new OneSystem();
    assertThat(terminal.run(system, "put @/link clips/")).as(terminal.stderr()).isZero();
    assertThat(system.store.list("")).containsExactly("clips/2.png", "clips/more/1.png");
    assertThat(terminal.run(system, "put @/link clips/a.zip")).isZero();
  }
}
