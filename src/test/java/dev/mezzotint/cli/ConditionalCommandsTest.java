package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on a folder of pairs and generating from maps, on the command line. */
class ConditionalCommandsTest {
  private static final String RECIPE =
      """
      {"model": "tiny",
       "network": {"sample_size": 8, "in_channels": 5, "block_out_channels": [8, 8],
         "down_block_types": ["DownBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "UpBlock2D"],
         "layers_per_block": 1, "norm_num_groups": 4},
       "dataset": {"size": 8, "layout": "twins", "condition": {"kind": "labels",
         "palette": [{"name": "day", "color": "#ffffff"}, {"name": "night", "color": "#000000"}]}},
       "iterations": 4, "batchSize": 4}
      """;

  @TempDir private Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void drawPairs() throws IOException {
    terminal = new Terminal(folder);
    for (int i = 0; i < 10; i++) {
      write("data/train/input/" + i + ".png", plain(8, i % 2 * 255));
      write("data/train/target/" + i + ".png", plain(8, 10 * i));
    }
    write("data/val/input/x.png", plain(8, 0));
    write("data/val/target/x.png", plain(8, 3));
    Files.writeString(folder.resolve("recipe.json"), RECIPE);
  }

  private void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static byte[] plain(int side, int grey) {
    byte[] rgb = new byte[3 * side * side];
    Arrays.fill(rgb, (byte) grey);
    return Png.encode(new Pixels(side, side, 3, rgb));
  }

  @Test
  void trainsOnPairs_andGeneratesFromLabelMaps() throws IOException {
    terminal.succeeds("train @/recipe.json --data @/data --cache 0 --out @/model");
    assertThat(terminal.stderr())
        .contains("10 images, each with condition of 2 channels")
        .contains("val: 1 pairs for sample grids")
        .containsPattern("input wait \\d+\\.\\d % of the steps' time");
    String generate = "generate --model @/model --steps 2 --out @/y --condition ";
    terminal.succeeds(generate + "@/data/val/input/x.png --count 3");
    assertThat(folder.resolve("y/00002.png")).exists();
    terminal.succeeds(
        "generate --model @/model --steps 2 --out @/z --count 10 --condition @/data/train/input");
    terminal.refuses(generate + "@/data/train/input --count 3", "holds 10 images", "--count 10");
    write("grey.png", plain(8, 128));
    terminal.refuses(generate + "@/grey.png", "grey.png", "#808080 at pixel (0, 0)");
    write("large.png", plain(16, 255));
    terminal.refuses(generate + "@/large.png", "is 16x16 pixels", "takes 8x8");
    terminal.succeeds(
        "generate --model @/model --steps 2 --out @/w --condition @/large.png --resize");
    terminal.refuses(generate + "depth=@/large.png", "depth=");
    terminal.refuses(generate + "@/large.png --variations 2", "folder or zip");
    terminal.refuses(generate + "@/data/val/input --noise all", "--noise");
    terminal.refuses("train @/recipe.json --data @/data --cache -1 --out @/m2", "--cache");
  }

  @Test
  void frames_keepTheNamesOfTheirConditions() throws IOException {
    terminal.succeeds("train @/recipe.json --data @/data --cache 0 --out @/model");
    terminal.succeeds(
        "generate --model @/model --steps 2 --out @/f --condition @/data/train/input"
            + " --variations 2 --noise shared --references @/data/train/target --clip");
    for (String name : new String[] {"0-1", "0-2", "9-1", "9-2"}) {
      assertThat(folder.resolve("f/" + name + ".png")).exists();
    }
    assertThat(folder.resolve("f/00000.png")).doesNotExist();
    // Conditions 0 and 2 are alike, and so is their noise.
    assertThat(Files.readAllBytes(folder.resolve("f/0-1.png")))
        .isEqualTo(Files.readAllBytes(folder.resolve("f/2-1.png")))
        .isNotEqualTo(Files.readAllBytes(folder.resolve("f/0-2.png")));
    Pixels sheet = ImageReader.read(Files.readAllBytes(folder.resolve("f/sheet.png")), 3);
    assertThat(sheet.width()).isEqualTo(4 * (2 + 4 * 10));
    assertThat(sheet.height()).isEqualTo(4 * (2 + 10 * 10));
    assertThat(sheet.bytes()[3 * 4 * (2 * sheet.width() + 12)]).isZero(); // reference 0 is black
    Pixels clip = ImageReader.read(Files.readAllBytes(folder.resolve("f/clip.png")), 3);
    assertThat(clip.width()).isEqualTo(4 * (2 + 2 * 10));
    terminal.succeeds(
        "generate --model @/model --steps 2 --out @/g --condition @/data/val/input"
            + " --clip-conditions");
    Pixels both = ImageReader.read(Files.readAllBytes(folder.resolve("g/clip.png")), 3);
    assertThat(both.width()).isEqualTo(4 * (2 + 2 * 10)); // the map, then the frame
    terminal.refuses(
        "generate --model @/model --steps 2 --out @/h --condition @/data/train/input/0.png"
            + " --clip-conditions",
        "folder or zip");
  }

  @Test
  void datasetsCheck_namesFilesThatTrainingWouldSkip() throws IOException {
    terminal.succeeds("datasets check @/data --recipe @/recipe.json --sheet @/s/sheet.png");
    assertThat(terminal.stdout())
        .contains("10 pairs", "splits: train, val", "8×8 (10)")
        .contains("50.00 %  #ffffff day", "50.00 %  #000000 night", "0 broken of 10, accepted");
    Pixels sheet = ImageReader.read(Files.readAllBytes(folder.resolve("s/sheet.png")), 3);
    assertThat(sheet.width()).isEqualTo(2 + 8 * 10);
    write("data/train/input/3.png", plain(8, 7));
    String check = "datasets check @/data --recipe @/recipe.json";
    assertThat(terminal.run(check)).isEqualTo(2);
    assertThat(terminal.stdout())
        .contains("broken: train/target/3.png", "#070707", "brokenMax 0.05 allows: refused");
    assertThat(terminal.run(check + " --json")).isEqualTo(2);
    JsonObject json = JsonObject.parse(terminal.stdout());
    assertThat(json.toMap()).containsEntry("files", 10).containsEntry("refused", true);
  }

  @Test
  void datasetsCheck_withoutRecipe_listsTheColoursOfAMap() {
    terminal.succeeds("datasets check @/data --layout twins --condition rgb --size 8");
    assertThat(terminal.stdout()).contains("condition: 2 colours", "50.00 %  #000000");
    terminal.succeeds("datasets check @/data --labels folder --split train --size 8");
    assertThat(terminal.stdout()).contains("2 classes: ", "input (10)", "target (10)");
    terminal.refuses("datasets check @/data --layout twins", "dataset.condition is missing");
    terminal.refuses("datasets check @/gone", "gone does not exist");
  }
}
