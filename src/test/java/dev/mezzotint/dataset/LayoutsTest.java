package dev.mezzotint.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.dataset.Pairing.Layout;
import dev.mezzotint.image.Palette;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layouts of common data sets. */
class LayoutsTest {
  private static final DatasetOptions SMALL = DatasetOptions.of(4, 4);

  @TempDir private Path folder;

  private void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static byte[] plain(int width, int height, int rgb) {
    byte[] bytes = new byte[3 * width * height];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (rgb >> (16 - 8 * (i % 3)));
    }
    return Png.encode(new Pixels(width, height, 3, bytes));
  }

  private static byte[] jpeg(int rgb) throws IOException {
    BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 64; i++) {
      image.setRGB(i % 8, i / 8, rgb);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpeg", out);
    return out.toByteArray();
  }

  @Test
  void reads_playingForData() throws IOException {
    for (int i = 0; i < 3; i++) {
      write("images/0000" + i + ".png", plain(8, 6, 0x101010 * (i + 1)));
      write("labels/0000" + i + ".png", plain(8, 6, i == 1 ? 0xF422E8 : 0x804080));
    }
    Condition nearest =
        new Condition("labels", "labels", Optional.of(Palette.CITYSCAPES), true, 20);
    DatasetOptions options =
        SMALL.withPairing(new Pairing(Layout.TWINS, "images", List.of(nearest)));
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.size()).isEqualTo(3);
      float[] condition = new float[20 * 16];
      set.read(1, new float[48], 0, condition, 0);
      assertThat(condition[16]).as("sidewalk, though it is written one off").isEqualTo(1);
      assertThat(set.displayImages(1).get(1).bytes()[1]).isEqualTo((byte) 0x23);
    }
    Condition exact = new Condition("labels", "labels", Optional.of(Palette.CITYSCAPES), false, 20);
    assertThatThrownBy(
            () ->
                ImageDataset.open(
                    folder, SMALL.withPairing(new Pairing(Layout.TWINS, "images", List.of(exact)))))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("images/00001.png has the twin labels/00001.png")
        .hasMessageContaining("#f422e8 at pixel (0, 0)")
        .hasMessageContaining("the nearest is #f423e8 sidewalk");
  }

  @Test
  void reads_pix2pixMaps_withSplits() throws IOException {
    for (String split : new String[] {"train", "val"}) {
      for (int i = 0; i < 2; i++) {
        byte[] rgb = new byte[3 * 16 * 8];
        for (int p = 0; p < 128; p++) {
          java.util.Arrays.fill(rgb, 3 * p, 3 * p + 3, (byte) (p % 16 < 8 ? 40 + i : 240));
        }
        write("maps/" + split + "/" + i + ".png", Png.encode(new Pixels(16, 8, 3, rgb)));
      }
    }
    DatasetOptions options =
        SMALL.withPairing(Pairings.of(Layout.CONDITION_RIGHT, Pairings.images()));
    for (Path path : new Path[] {folder, folder.resolve("maps")}) {
      try (ImageDataset set = ImageDataset.open(path, options)) {
        assertThat(set.size()).as("train alone").isEqualTo(2);
        List<Pixels> shown = set.displayImages(1);
        assertThat(shown.get(0).bytes()).containsOnly(41);
        assertThat(shown.get(1).bytes()).containsOnly((byte) 240);
      }
      assertThat(ImageDataset.hasSplit(path, "val", options)).isTrue();
      assertThat(ImageDataset.hasSplit(path, "test", options)).isFalse();
    }
  }

  @Test
  void twins_mayDifferInFileKind_andContainSplits() throws IOException {
    write("photo/train/a/1.jpg", jpeg(0x808080));
    write("photo/val/a/2.jpg", jpeg(0x404040));
    write("label/train/a/1.png", plain(8, 8, 0));
    write("label/val/a/2.png", plain(8, 8, 0xFFFFFF));
    Condition labels =
        new Condition(
            "label", "label", Optional.of(Palette.of("no #000000", "yes #ffffff")), false, 2);
    DatasetOptions options =
        SMALL
            .withPairing(new Pairing(Layout.TWINS, "photo", List.of(labels)))
            .withLabels(Labels.FOLDER);
    try (ImageDataset set = ImageDataset.open(folder, options.withSplit("val"))) {
      assertThat(set.size()).isEqualTo(1);
      assertThat(set.classes()).containsExactly("a");
      float[] condition = new float[32];
      set.read(0, new float[48], 0, condition, 0);
      assertThat(condition[0]).isZero();
      assertThat(condition[16]).isEqualTo(1);
    }
    assertThat(ImageDataset.hasSplit(folder, "train", options)).isTrue();
  }

  @Test
  void missingKindsOfFiles_areRefused() throws IOException {
    write("a.png", plain(4, 4, 1));
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL.withFiles(DatasetOptions.Kind.IDX)))
        .hasMessageContaining("contains no file like train-images-idx3-ubyte");
    assertThatThrownBy(() -> ImageDataset.open(folder, SMALL.withLabels(Labels.FILE)))
        .hasMessageContaining("labels file is for IDX files");
    assertThatThrownBy(
            () ->
                ImageDataset.open(
                    folder, SMALL.withPairing(Pairings.of(Layout.TWINS, Pairings.images()))))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has no images under …/target/");
  }

  @Test
  void brokenFiles_areToleratedUpToTheLimit() throws IOException {
    for (int i = 0; i < 100; i++) {
      write("%02d.png".formatted(i), i == 40 ? new byte[] {7} : plain(4, 4, i));
    }
    for (long cache : new long[] {0, 1 << 20}) {
      try (ImageDataset set = ImageDataset.open(folder, SMALL.withCacheBytesMax(cache))) {
        set.chw(40 % set.size());
        assertThat(set.brokenFiles())
            .containsExactly("40.png is neither a PNG nor a JPEG nor a WebP file");
      }
    }
    for (int i = 0; i < 60; i++) {
      write("%02d.png".formatted(i), new byte[] {7});
    }
    for (long cache : new long[] {0, 1 << 20}) {
      assertThatThrownBy(() -> ImageDataset.open(folder, SMALL.withCacheBytesMax(cache)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("cannot be read, more than brokenMax 0.05 allows");
    }
  }

  @Test
  void report_countsFilesSizesClassesAndColours() throws IOException {
    write("train/cat/input/a.png", plain(4, 4, 0));
    write("train/cat/target/a.png", plain(4, 4, 9));
    write("train/dog/input/b.png", plain(8, 4, 0xFFFFFF));
    write("train/dog/target/b.png", plain(8, 4, 9));
    write("train/dog/input/c.png", plain(4, 4, 0));
    write("train/dog/target/c.png", new byte[0]);
    DatasetOptions options =
        SMALL.withPairing(
            Pairings.of(
                Layout.TWINS,
                Pairings.labels(Palette.of("no #000000", "yes #ffffff", "never #123456"))));
    DatasetReport survey = DatasetReport.of(folder, options, 10);
    assertThat(survey.files()).isEqualTo(3);
    assertThat(survey.sizes()).containsEntry("4×4", 1).containsEntry("8×4", 1);
    assertThat(survey.brokenFiles()).containsExactly("train/dog/target/c.png is an empty file");
    assertThat(survey.conditions().get("condition").shares())
        .containsEntry("#000000 no", 0.5)
        .containsEntry("#ffffff yes", 0.5)
        .containsEntry("#123456 never", 0.0);
    assertThat(survey.examples()).hasSize(2).allMatch(e -> e.size() == 2);
  }
}
