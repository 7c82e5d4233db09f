package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Trains the recipes of the paper's data sets on synthetic sets of the same layout and file kinds,
 * and generates with the results. A recipe is changed only in what makes it large: widths, size,
 * batch, iterations and sample steps.
 */
class PaperRecipesTest {
  private static final int SKY = 0x4682B4;
  private static final int ROAD = 0x804080;
  private static final int ROAD_ONE_OFF = 0x814080;

  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  @Test
  void trains_celeba() throws IOException {
    for (int i = 1; i <= 4; i++) {
      jpeg("img_align_celeba/%06d.jpg".formatted(i), halves(178, 218, 0xE0B090 + i, 0x302010));
    }
    train("celeba-64", "img_align_celeba");
    terminal.succeeds("generate --model @/out --count 1 --steps 1 --out @/images");
    assertThat(sides("images/00000.png")).isEqualTo("64x64x3");
  }

  @Test
  void trains_playingForData() throws IOException {
    for (int i = 1; i <= 4; i++) {
      png("images/%05d.png".formatted(i), halves(191, 105, 0x80A0F0, 0x404040 + i));
      png("labels/%05d.png".formatted(i), halves(191, 105, SKY, i == 1 ? ROAD_ONE_OFF : ROAD));
    }
    train("gtav-256", "");
    png("map.png", halves(64, 64, SKY, ROAD));
    terminal.succeeds(
        "generate --model @/out --count 1 --steps 1 --condition @/map.png --out @/images");
    assertThat(sides("images/00000.png")).isEqualTo("64x64x3");
    png("map.png", halves(64, 64, SKY, 0x123456));
    terminal.refuses(
        "generate --model @/out --count 1 --steps 1 --condition @/map.png --out @/refused",
        "#123456");
  }

  @Test
  void trains_pix2pixMaps() throws IOException {
    for (String split : new String[] {"train", "val"}) {
      for (int i = 1; i <= 4; i++) {
        BufferedImage pair = new BufferedImage(240, 120, BufferedImage.TYPE_INT_RGB);
        pair.getGraphics().drawImage(halves(120, 120, 0x506030, 0x203010 + i), 0, 0, null);
        pair.getGraphics().drawImage(halves(120, 120, 0xF0E0D0, 0xA0C0F0), 120, 0, null);
        jpeg("maps/" + split + "/" + i + ".jpg", pair);
      }
    }
    train("maps-256", "maps");
    png("map.png", halves(64, 64, 0xF0E0D0, 0xA0C0F0));
    terminal.succeeds(
        "generate --model @/out --count 1 --steps 1 --condition @/map.png --out @/images");
    assertThat(sides("images/00000.png")).isEqualTo("64x64x3");
  }

  private void train(String recipe, String data) throws IOException {
    String text =
        Files.readString(Path.of("recipes", recipe + ".json"))
            .replace("[128, 128, 256, 256, 512, 512]", "[32, 32, 32, 32, 32, 32]")
            .replaceAll("\"(sample_size|size)\": 256", "\"$1\": 64")
            .replaceAll("\"iterations\": \\d+", "\"iterations\": 1")
            .replaceAll("\"batchSize\": \\d+", "\"batchSize\": 2")
            .replaceAll("\"steps\": \\d+", "\"steps\": 2");
    assertThat(text).contains("[32, 32,").contains("\"size\": 64").contains("\"batchSize\": 2");
    Files.writeString(folder.resolve("recipe.json"), text);
    terminal.succeeds("train @/recipe.json --data @/" + data + " --out @/out");
    assertThat(terminal.stderr() + terminal.stdout()).doesNotContain("broken");
  }

  private String sides(String file) throws IOException {
    BufferedImage image = ImageIO.read(folder.resolve(file).toFile());
    return image.getWidth()
        + "x"
        + image.getHeight()
        + "x"
        + image.getColorModel().getNumColorComponents();
  }

  private static BufferedImage halves(int width, int height, int above, int below) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, i / width < height / 2 ? above : below);
    }
    return image;
  }

  private void jpeg(String file, BufferedImage image) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    assertThat(ImageIO.write(image, "jpeg", path.toFile())).isTrue();
  }

  private void png(String file, BufferedImage image) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    for (int i = 0; i < rgb.length / 3; i++) {
      int pixel = image.getRGB(i % image.getWidth(), i / image.getWidth());
      rgb[3 * i] = (byte) (pixel >> 16);
      rgb[3 * i + 1] = (byte) (pixel >> 8);
      rgb[3 * i + 2] = (byte) pixel;
    }
    Files.write(path, Png.encode(new Pixels(image.getWidth(), image.getHeight(), 3, rgb)));
  }
}
