package dev.mezzotint.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Generates the label maps of {@code docs/examples/lap}: a winding road in the colours of the
 * bundled model {@code drive-64}, as an example for its documentation. {@code
 * -Dexample.maps=docs/examples/lap} writes the files.
 */
class ExampleMapsTest {
  private static final Path FOLDER = Path.of("docs/examples/lap");
  private static final int FRAMES = 12;
  private static final int SIZE = 64;
  private static final int HORIZON = 13; // of 32

  private static final int SKY = 0x87ceeb;
  private static final int ROAD = 0x804080;
  private static final int CURB = 0xf423e8;
  private static final int GRASS = 0x6bbf3a;
  private static final int TREE = 0x1e6b28;
  private static final int BUILDING = 0x464646;
  private static final int VEHICLE = 0x0000e6;

  private static Pixels map(int frame) {
    double time = 2 * Math.PI * frame / FRAMES;
    byte[] rgb = new byte[3 * SIZE * SIZE];
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        int colour = colour((x + 0.5) / 2, (y + 0.5) / 2, time, frame);
        for (int k = 0; k < 3; k++) {
          rgb[3 * (y * SIZE + x) + k] = (byte) (colour >> (16 - 8 * k));
        }
      }
    }
    return new Pixels(SIZE, SIZE, 3, rgb);
  }

  /**
   * @param x in a window of 32×32, as is y
   */
  private static int colour(double x, double y, double time, int frame) {
    if (y < HORIZON) {
      int crown = 3 + (int) (2 + 2 * Math.sin(0.9 * (x + frame)));
      boolean house = x + frame > 26 && x + frame < 32;
      return y < HORIZON - (house ? 6 : crown) ? SKY : house ? BUILDING : TREE;
    }
    double near = (y - HORIZON + 0.5) / (32 - HORIZON);
    double middle = 16 + 9 * Math.sin(time) * (1 - near) * (1 - near);
    double half = 1.5 + 12 * near;
    double off = Math.abs(x - middle);
    boolean vehicle = y >= 15 && y < 19 && Math.abs(x - middle - 1) < 2;
    return vehicle ? VEHICLE : off < half ? ROAD : off < half + 0.4 + near ? CURB : GRASS;
  }

  @Test
  void exampleMaps_equalTheGeneratedOnes() throws IOException {
    String to = System.getProperty("example.maps");
    if (to != null) {
      Files.createDirectories(Path.of(to));
      for (int i = 0; i < FRAMES; i++) {
        Files.write(Path.of(to, "%04d.png".formatted(i + 1)), Png.encode(map(i)));
      }
    }
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files).hasSize(FRAMES);
    }
    for (int i = 0; i < FRAMES; i++) {
      byte[] file = Files.readAllBytes(FOLDER.resolve("%04d.png".formatted(i + 1)));
      assertThat(ImageReader.read(file, 3).bytes()).isEqualTo(map(i).bytes());
    }
  }
}
