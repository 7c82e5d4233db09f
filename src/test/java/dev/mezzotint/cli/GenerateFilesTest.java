package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.client.JobClient;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.PngText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.ObjectTransfer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the files of {@code generate}: when they are written, and the settings in them. */
class GenerateFilesTest {
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private byte[] file(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name));
  }

  private Pixels pixels(String name) throws IOException {
    return ImageReader.read(file(name), 3);
  }

  @Test
  void finishedImages_areKeptIfALaterOneFails() throws IOException {
    // A folder is in the place of the last image, so that writing it fails.
    Files.createDirectories(folder.resolve("y/00039.png/in-the-way"));
    assertThat(terminal.run(Terminal.generate("--count 40 --out @/y"))).isEqualTo(1);
    assertThat(terminal.stderr()).contains("00039.png cannot be written");
    try (Stream<Path> files = Files.list(folder.resolve("y"))) {
      assertThat(files.filter(Files::isRegularFile)).isNotEmpty();
    }
    assertThat(folder.resolve("y/grid.png")).doesNotExist();
  }

  @Test
  void interruption_saysWhatIsKept() {
    List<Runnable> endings = new ArrayList<>();
    CommandContext watched = new Watched(endings);
    assertThat(terminal.run(watched, Terminal.generate("--count 3 --out @/y"))).isZero();
    assertThat(terminal.stderr()).contains("interrupted: 0 of 3 images are in " + folder + "/y");
    assertThat(endings).isEmpty();
  }

  @Test
  void scale_enlargesTheGrid_notTheImages() throws IOException {
    terminal.succeeds(Terminal.generate("--count 1 --seed 3 --scale 1 --out @/native"));
    terminal.succeeds(Terminal.generate("--count 1 --seed 3 --scale 3 --out @/large"));
    assertThat(file("native/00000.png")).isEqualTo(file("large/00000.png"));
    Pixels small = pixels("native/grid.png");
    Pixels large = pixels("large/grid.png");
    assertThat(small.width()).isEqualTo(16 + 2 * 2);
    assertThat(large.width()).isEqualTo(3 * small.width());
    for (int y = 0; y < large.height(); y++) {
      for (int x = 0; x < large.width(); x++) {
        int at = 3 * (y * large.width() + x);
        int from = 3 * (y / 3 * small.width() + x / 3);
        assertThat(large.bytes()[at]).isEqualTo(small.bytes()[from]);
      }
    }
    terminal.refuses(Terminal.generate("--scale 0 --out @/z"), "--scale must be from 1 to 16");
  }

  @Test
  void canvas_isOneImage_andFromRepeatsIt() throws IOException {
    terminal.succeeds(Terminal.generate("--seed 3 --canvas 40x24 --overlap 6 --out @/first"));
    Pixels canvas = pixels("first/00000.png");
    assertThat(canvas.width()).isEqualTo(40);
    assertThat(canvas.height()).isEqualTo(24);
    assertThat(PngText.find(file("first/00000.png"), "mezzotint").orElseThrow())
        .contains("\"canvas\":{\"width\":40,\"height\":24,\"overlap\":6}");
    terminal.succeeds(
        "generate --model " + Terminal.DEFAULTS + " --from @/first/00000.png --out @/again");
    assertThat(file("again/00000.png")).isEqualTo(file("first/00000.png"));
    terminal.refuses(
        Terminal.generate("--canvas --out @/x"),
        "--canvas needs a size such as 1024x512, or a --condition of images whose size it takes");
    terminal.refuses(
        Terminal.generate("--canvas big --out @/x"),
        "--canvas must be a size in pixels such as 1024x512, not big");
    terminal.refuses(
        Terminal.generate("--canvas 8x8 --out @/x"),
        "--canvas is 8x8 pixels: model iadb_defaults@");
    terminal.refuses(Terminal.generate("--overlap 4 --out @/x"), "--overlap is for --canvas");
  }

  @Test
  void image_holdsItsSettings_andFromRepeatsIt() throws IOException {
    String model = "generate --model " + Terminal.DEFAULTS;
    terminal.succeeds(model + " --steps 3 --sampler heun --seed 9 --count 3 --out @/first");
    String settings = PngText.find(file("first/00002.png"), "mezzotint").orElseThrow();
    assertThat(settings)
        .startsWith("{\"model\":\"iadb_defaults@")
        .endsWith(
            "\"seed\":9,\"index\":2,\"steps\":3,\"sampler\":\"heun\",\"schedule\":\"uniform\"}");
    terminal.succeeds(
        "generate --model " + Terminal.DEFAULTS + " --from @/first/00002.png --out @/again");
    assertThat(file("again/00000.png")).isEqualTo(file("first/00002.png"));
    terminal.succeeds(model + " --from @/first/00002.png --steps 5 --out @/finer");
    assertThat(PngText.find(file("finer/00000.png"), "mezzotint").orElseThrow())
        .contains("\"seed\":9,\"index\":2,\"steps\":5");
    assertThat(file("finer/00000.png")).isNotEqualTo(file("first/00002.png"));
    terminal.refuses(model + " --from @/first/grid.png --out @/z", "has no settings");
    terminal.refuses(model + " --from @/absent.png --out @/z", "--from", "no such file");
    terminal.succeeds(model + " --steps 2 --interpolate 1..2 --out @/between");
    terminal.refuses(model + " --from @/between/00000.png --out @/z", "made from a seed");
  }

  @Test
  void from_findsTheBundledModel() throws IOException {
    terminal.succeeds("generate --model fashion-28 --class Sneaker --steps 2 --out @/shoe");
    assertThat(PngText.find(file("shoe/00000.png"), "mezzotint").orElseThrow())
        .contains("\"model\":\"fashion-28@1\"", "\"classLabel\":7");
    terminal.succeeds("generate --from @/shoe/00000.png --out @/again");
    assertThat(file("again/00000.png")).isEqualTo(file("shoe/00000.png"));
    terminal.refuses(
        "generate --model fashion-28 --class boat --out @/z", "--class", "Sneaker", "boat");
    terminal.refuses("generate --model fashion-28 --class 11 --out @/z", "0 to 9, or 10 for none");
    terminal.refuses("generate --out @/z", "--model is missing");
  }

  /** Runs each ending at once, as if the process ended then. */
  private record Watched(List<Runnable> endings) implements CommandContext {
    @Override
    public Runnable onShutdown(Runnable toEnd) {
      endings.add(toEnd);
      toEnd.run();
      return () -> endings.remove(toEnd);
    }

    @Override
    public Device device(String name) {
      return Terminal.CONTEXT.device(name);
    }

    @Override
    public ModelFiles model(String reference) {
      return Terminal.CONTEXT.model(reference);
    }

    @Override
    public Path bundledModels() {
      return Terminal.CONTEXT.bundledModels();
    }

    @Override
    public <T> T inStore(Function<StoredModels, T> work) {
      return Terminal.CONTEXT.inStore(work);
    }

    @Override
    public JobClient client() {
      return Terminal.CONTEXT.client();
    }

    @Override
    public ObjectTransfer objects() {
      return Terminal.CONTEXT.objects();
    }
  }
}
