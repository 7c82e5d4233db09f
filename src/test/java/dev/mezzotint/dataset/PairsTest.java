package dev.mezzotint.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.Pairing.Layout;
import dev.mezzotint.files.ZipDirectory;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.ReferenceImages;
import dev.mezzotint.json.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images with conditions, and IDX files of the MNIST family. */
class PairsTest {
  private static final Palette TWO = Palette.of("black #000000", "white #ffffff");
  private static final DatasetOptions SMALL = DatasetOptions.of(2, 2).withBrokenMax(0.5);

  @TempDir private Path folder;

  private void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static byte[] plain(int width, int height, int grey) {
    byte[] rgb = new byte[3 * width * height];
    java.util.Arrays.fill(rgb, (byte) grey);
    return Png.encode(new Pixels(width, height, 3, rgb));
  }

  private static float value(int grey) {
    return grey / 127.5f - 1;
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 20})
  void twins_arePairedByName(long cache) throws IOException {
    for (int i = 0; i < 5; i++) {
      write("train/input/town/" + i + ".png", plain(2, 2, 10 * i));
      write("train/target/town/" + i + ".png", plain(2, 2, 100 + i));
    }
    write("val/input/town/0.png", plain(2, 2, 1));
    write("val/target/town/0.png", plain(2, 2, 2));
    DatasetOptions options =
        SMALL.withPairing(Pairings.of(Layout.TWINS, Pairings.images())).withCacheBytesMax(cache);
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.size()).isEqualTo(5);
      assertThat(set.conditionChannels()).isEqualTo(3);
      for (int i = 0; i < 5; i++) {
        float[] image = new float[12];
        float[] condition = new float[12];
        set.read(i, image, 0, condition, 0);
        assertThat(image).containsOnly(value(100 + i));
        assertThat(condition).containsOnly(value(10 * i));
        assertThat(set.chw(i)).isEqualTo(image);
      }
    }
  }

  @Test
  void imageWithoutTwin_isLeftOut() throws IOException {
    for (int i = 0; i < 4; i++) {
      write("input/" + i + ".png", plain(2, 2, i));
      write("target/" + i + ".png", plain(2, 2, i));
    }
    Files.delete(folder.resolve("input/2.png"));
    try (ImageDataset set =
        ImageDataset.open(
            folder, SMALL.withPairing(Pairings.of(Layout.TWINS, Pairings.images())))) {
      assertThat(set.size()).isEqualTo(3);
      assertThat(set.brokenFiles()).hasSize(1);
      assertThat(set.brokenFiles().get(0)).startsWith("target/2.png has no twin input/2.png");
    }
  }

  @Test
  void labelMap_hasOneChannelPerClass_andUnknownColoursAreNamed() throws IOException {
    for (int i = 0; i < 4; i++) {
      write("target/" + i + ".png", plain(4, 4, i));
      write("input/" + i + ".png", plain(4, 4, i == 3 ? 128 : i % 2 == 0 ? 0 : 255));
    }
    DatasetOptions options = SMALL.withPairing(Pairings.of(Layout.TWINS, Pairings.labels(TWO)));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.conditionChannels()).isEqualTo(2);
      assertThat(set.size()).isEqualTo(3);
      assertThat(set.brokenFiles().get(0)).contains("target/3.png", "input/3.png", "#808080");
      float[] condition = new float[8];
      set.read(1, new float[12], 0, condition, 0);
      assertThat(condition).containsExactly(0, 0, 0, 0, 1, 1, 1, 1);
    }
  }

  @Test
  void imageAndLabelMap_areBothTurnedByTheirExif() throws IOException {
    write("target/a.jpg", ReferenceImages.file("orient6.jpg"));
    write("input/a.png", ReferenceImages.file("orient6.png"));
    DatasetOptions options =
        DatasetOptions.of(24, 17).withPairing(Pairings.of(Layout.TWINS, Pairings.images()));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      Pixels condition = set.displayImages(0).get(1);
      assertThat(condition)
          .usingRecursiveComparison()
          .isEqualTo(ImageReader.read(ReferenceImages.file("orient6.png"), 3));
      assertThat(set.displayImages(0).get(0).bytes())
          .isEqualTo(ImageReader.read(ReferenceImages.file("orient6.jpg"), 3).bytes());
    }
    assertThat(DatasetReport.of(folder, options, 1).sizes()).containsExactly(entry("17×24", 1));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void labelMapWithProfile_keepsItsColours_besideAnImageWithIt(boolean halves) throws IOException {
    byte[] file = ReferenceImages.file("p3-palette.png");
    Pixels stored = ImageReader.readLabelMap(file, 1000);
    Set<Integer> colours = new TreeSet<>();
    for (int i = 0; i < stored.bytes().length; i += 3) {
      colours.add(Palette.colour(stored.bytes(), i));
    }
    Palette palette =
        Palette.of(
            colours.stream()
                .map(rgb -> String.format(Locale.ROOT, "c%06x #%06x", rgb, rgb))
                .toArray(String[]::new));
    write(halves ? "a.png" : "target/a.png", file);
    write(halves ? "b.png" : "input/a.png", file);
    Layout layout = halves ? Layout.CONDITION_LEFT : Layout.TWINS;
    DatasetOptions options =
        DatasetOptions.of(17, halves ? 12 : 24)
            .withPairing(Pairings.of(layout, Pairings.labels(palette)));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.brokenFiles()).isEmpty();
      List<Pixels> shown = set.displayImages(0);
      Pixels converted = ImageReader.read(file, 3);
      for (int y = 0; y < 17; y++) {
        for (int i = 0; i < 3 * (halves ? 12 : 24); i++) {
          int at = 72 * y + i;
          int in = (halves ? 36 : 72) * y + i;
          assertThat(shown.get(1).bytes()[in]).isEqualTo(stored.bytes()[at]);
          assertThat(shown.get(0).bytes()[in]).isEqualTo(converted.bytes()[halves ? at + 36 : at]);
        }
      }
    }
  }

  @Test
  void labels_areNotMixedByResizing() throws IOException {
    byte[] rgb = new byte[3 * 5 * 5];
    for (int i = 0; i < 25; i++) {
      java.util.Arrays.fill(rgb, 3 * i, 3 * i + 3, (byte) (i % 2 == 0 ? 0 : 255));
    }
    write("target/a.png", plain(5, 5, 9));
    write("input/a.png", Png.encode(new Pixels(5, 5, 3, rgb)));
    try (ImageDataset set =
        ImageDataset.open(
            folder, SMALL.withPairing(Pairings.of(Layout.TWINS, Pairings.labels(TWO))))) {
      float[] condition = new float[8];
      set.read(0, new float[12], 0, condition, 0);
      for (int i = 0; i < 4; i++) {
        assertThat(condition[i] + condition[4 + i]).isEqualTo(1);
      }
    }
  }

  @Test
  void sideBySide_isSplitIntoHalves() throws IOException {
    byte[] rgb = new byte[3 * 4 * 2];
    for (int y = 0; y < 2; y++) {
      java.util.Arrays.fill(rgb, y * 12, y * 12 + 6, (byte) 50);
      java.util.Arrays.fill(rgb, y * 12 + 6, y * 12 + 12, (byte) 200);
    }
    write("a.png", Png.encode(new Pixels(4, 2, 3, rgb)));
    write("b.png", Png.encode(new Pixels(4, 2, 3, rgb)));
    write("odd.png", plain(5, 2, 7));
    for (Layout layout : new Layout[] {Layout.CONDITION_LEFT, Layout.CONDITION_RIGHT}) {
      try (ImageDataset set =
          ImageDataset.open(folder, SMALL.withPairing(Pairings.of(layout, Pairings.images())))) {
        float[] image = new float[12];
        float[] condition = new float[12];
        set.read(0, image, 0, condition, 0);
        boolean left = layout == Layout.CONDITION_LEFT;
        assertThat(condition).containsOnly(value(left ? 50 : 200));
        assertThat(image).containsOnly(value(left ? 200 : 50));
        assertThat(set.brokenFiles())
            .containsExactly("odd.png is 5 pixels wide, which cannot be halved");
      }
    }
  }

  @Test
  void idxFiles_areReadWithLabels() throws IOException {
    write("train-images-idx3-ubyte.gz", zipped(images(6)));
    write("train-labels-idx1-ubyte", labels(6));
    write("t10k-images-idx3-ubyte", images(2));
    write("t10k-labels-idx1-ubyte", labels(2));
    DatasetOptions options = SMALL.withChannels(1).withLabels(Labels.FILE);
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.size()).isEqualTo(6);
      assertThat(set.classes()).containsExactly("0", "1", "2", "3", "4", "5");
      assertThat(set.label(4)).hasValue(4);
      assertThat(set.chw(3)).containsOnly(value(30));
    }
    try (ImageDataset set = ImageDataset.open(folder, options.withSplit("test").withChannels(3))) {
      assertThat(set.size()).isEqualTo(2);
      assertThat(set.chw(1)).hasSize(12).containsOnly(value(10));
    }
  }

  @Test
  void brokenIdxFiles_areRefused_withAReason() throws IOException {
    byte[] images = images(3);
    write("train-images-idx3-ubyte", java.util.Arrays.copyOf(images, images.length - 1));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has 11 values, its header declares 12");
    write("train-images-idx3-ubyte", labels(3));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL))
        .hasMessageContaining("is not an IDX file of unsigned bytes with 3 dimensions");
    write("train-images-idx3-ubyte", images);
    write("train-labels-idx1-ubyte", labels(2));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL.withLabels(Labels.FILE)))
        .hasMessageContaining("has 2 labels for 3 images");
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL.withSplit("test")))
        .hasMessageContaining("there is no t10k-images-idx3-ubyte");
  }

  @Test
  void idxImages_areScaledWhenRead_withoutCache() throws IOException {
    write("train-images-idx3-ubyte.gz", zipped(images(3)));
    DatasetOptions large = DatasetOptions.of(8, 8).withChannels(1).withCacheBytesMax(0);
    try (ImageDataset set = ImageDataset.open(folder, large)) {
      assertThat(set.chw(2)).hasSize(64).containsOnly(value(20));
    }
  }

  @Test
  void idxHeader_isNotTrusted() throws IOException {
    ByteBuffer header = ByteBuffer.allocate(16).put(new byte[] {0, 0, 8, 3});
    for (int[] sizes : new int[][] {{1 << 30, 1, 1}, {60_000, 1 << 15, 1 << 15}, {-1, 28, 28}}) {
      header.putInt(4, sizes[0]).putInt(8, sizes[1]).putInt(12, sizes[2]);
      write("train-images-idx3-ubyte.gz", zipped(header.array()));
      assertThatThrownBy(() -> ImageDataset.open(folder, SMALL))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("values are allowed");
    }
    header.putInt(4, 3_000_000).putInt(8, 1).putInt(12, 1);
    write("train-images-idx3-ubyte.gz", zipped(header.array()));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL))
        .hasMessageContaining("holds 3000000 items");
    byte[] more = java.util.Arrays.copyOf(images(3), 1000);
    write("train-images-idx3-ubyte.gz", zipped(more));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL))
        .hasMessageContaining("has more values, its header declares 12");
  }

  @Test
  void zipWithTooLargeDirectory_isNotOpened() throws IOException {
    ByteBuffer end = ByteBuffer.allocate(22).order(ByteOrder.LITTLE_ENDIAN);
    end.putInt(0, 0x06054b50).putInt(12, 1 << 30);
    write("long.zip", end.array());
    assertThat(ZipDirectory.declaredBytes(folder.resolve("long.zip"))).isEqualTo(1 << 30);
    assertThatThrownBy(() -> ImageDataset.open(folder.resolve("long.zip"), SMALL))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("long.zip lists far more files than are allowed");
    write("none.zip", new byte[3]);
    assertThat(ZipDirectory.declaredBytes(folder.resolve("none.zip"))).isZero();
  }

  private static byte[] images(int count) {
    ByteBuffer file = ByteBuffer.allocate(16 + 4 * count);
    file.put(new byte[] {0, 0, 8, 3}).putInt(count).putInt(2).putInt(2);
    for (int i = 0; i < 4 * count; i++) {
      file.put((byte) (10 * (i / 4)));
    }
    return file.array();
  }

  private static byte[] labels(int count) {
    ByteBuffer file = ByteBuffer.allocate(8 + count);
    file.put(new byte[] {0, 0, 8, 1}).putInt(count);
    for (int i = 0; i < count; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
