package dev.mezzotint.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.dataset.Pairing.Layout;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of large images and of their conditions. */
class CropTest {
  private static final DatasetOptions CROPS =
      DatasetOptions.of(3, 4).withBrokenMax(0.5).withRandomCrop(true);

  @TempDir private Path folder;

  private void write(String name, Pixels pixels) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, Png.encode(pixels));
  }

  /** Red is 10·x, green is 10·y, blue is a constant. */
  private static Pixels coordinates(int width, int height, int blue) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      rgb[3 * i] = (byte) (10 * (i % width));
      rgb[3 * i + 1] = (byte) (10 * (i / width));
      rgb[3 * i + 2] = (byte) blue;
    }
    return new Pixels(width, height, 3, rgb);
  }

  /** The coordinate in a float of {@link #coordinates}. */
  private static int coordinate(float value) {
    return Math.round((value + 1) * 127.5f / 10);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 20})
  void imageAndConditions_areCutAtTheSamePlace_withoutScaling(long cache) throws IOException {
    for (int i = 0; i < 3; i++) {
      write("input/" + i + ".png", coordinates(9, 6 + i, 40));
      write("target/" + i + ".png", coordinates(9, 6 + i, 200));
    }
    DatasetOptions options =
        CROPS.withPairing(Pairings.of(Layout.TWINS, Pairings.images())).withCacheBytesMax(cache);
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.height()).isEqualTo(3);
      assertThat(set.width()).isEqualTo(4);
      float[] image = new float[36];
      float[] condition = new float[36];
      for (int i = 0; i < 3; i++) {
        set.read(i, new Crop(0.999, 0.999), image, 0, condition, 0);
        assertPart(image, 5, 3 + i, 200);
        assertPart(condition, 5, 3 + i, 40);
        set.read(i, new Crop(0, 0.5), image, 0, condition, 0);
        assertPart(image, 0, (4 + i) / 2, 200);
        assertPart(condition, 0, (4 + i) / 2, 40);
      }
      assertPart(set.chw(0), 3, 2, 200);
      assertThat(set.displayImages(1)).allMatch(p -> p.width() == 4 && p.height() == 3);
    }
  }

  private static void assertPart(float[] chw, int left, int top, int blue) {
    for (int y = 0; y < 3; y++) {
      for (int x = 0; x < 4; x++) {
        assertThat(coordinate(chw[y * 4 + x])).isEqualTo(left + x);
        assertThat(coordinate(chw[12 + y * 4 + x])).isEqualTo(top + y);
        assertThat(chw[24 + y * 4 + x]).isEqualTo(blue / 127.5f - 1);
      }
    }
  }

  @Test
  void labelMap_isCutWithoutMixingItsClasses() throws IOException {
    byte[] rgb = new byte[3 * 54];
    java.util.Arrays.fill(rgb, 3 * 27, 3 * 54, (byte) 255); // white from row 3 on
    write("input/a.png", new Pixels(9, 6, 3, rgb));
    write("target/a.png", coordinates(9, 6, 0));
    Palette two = Palette.of("black #000000", "white #ffffff");
    DatasetOptions options = CROPS.withPairing(Pairings.of(Layout.TWINS, Pairings.labels(two)));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      float[] condition = new float[24];
      set.read(0, new Crop(0, 0.3), new float[36], 0, condition, 0); // rows 1 to 3
      assertThat(condition).startsWith(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
      assertThat(condition).endsWith(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1);
    }
  }

  @Test
  void halvesOfOneFile_areCutAtTheSamePlace() throws IOException {
    Pixels whole = coordinates(18, 6, 90);
    write("a.png", whole);
    DatasetOptions options =
        CROPS.withPairing(Pairings.of(Layout.CONDITION_RIGHT, Pairings.images()));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      float[] image = new float[36];
      float[] condition = new float[36];
      set.read(0, new Crop(0.4, 0), image, 0, condition, 0);
      assertPart(image, 2, 0, 90);
      assertPart(condition, 9 + 2, 0, 90);
    }
  }

  @Test
  void imageSmallerThanTheCrop_andPairsOfTwoSizes_areBroken() throws IOException {
    write("input/a.png", coordinates(9, 6, 0));
    write("target/a.png", coordinates(9, 6, 0));
    write("input/b.png", coordinates(9, 6, 0));
    write("target/b.png", coordinates(9, 7, 0));
    write("input/c.png", coordinates(4, 4, 0));
    write("target/c.png", coordinates(4, 4, 0));
    write("input/d.png", coordinates(4, 2, 0));
    write("target/d.png", coordinates(4, 2, 0));
    DatasetOptions options = CROPS.withPairing(Pairings.of(Layout.TWINS, Pairings.images()));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.size()).isEqualTo(2);
      assertThat(set.brokenFiles())
          .containsExactlyInAnyOrder(
              "target/b.png is 9×7 pixels and its condition 9×6: crops need equal sizes",
              "target/d.png is 4×2 pixels, smaller than a crop of 4×3");
    }
  }

  @Test
  void cacheLimit_countsTheWholeImages() throws IOException {
    for (int i = 0; i < 4; i++) {
      write(i + ".png", coordinates(20, 20, i));
    }
    try (ImageDataset cached = ImageDataset.open(folder, CROPS.withCacheBytesMax(4 * 1200));
        ImageDataset read = ImageDataset.open(folder, CROPS.withCacheBytesMax(4 * 1200 - 1))) {
      assertThat(cached).isInstanceOf(CachedDataset.class);
      assertThat(read).isInstanceOf(DecodingDataset.class);
      float[] one = new float[36];
      float[] other = new float[36];
      cached.read(2, new Crop(0.7, 0.2), one, 0, new float[0], 0);
      read.read(2, new Crop(0.7, 0.2), other, 0, new float[0], 0);
      assertThat(one).isEqualTo(other);
    }
  }

  @Test
  void idxFiles_areNotCropped() {
    assertThatThrownBy(() -> CROPS.withFiles(DatasetOptions.Kind.IDX))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("crop must be centre for IDX files");
  }
}
