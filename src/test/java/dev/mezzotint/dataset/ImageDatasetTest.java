package dev.mezzotint.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.dataset.DatasetOptions.Labels;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageDatasetTest {
  private static final DatasetOptions TWO_BY_TWO = DatasetOptions.of(2, 2).withBrokenMax(0.5);
  private static final DatasetOptions NOT_CACHED = TWO_BY_TWO.withCacheBytesMax(0);

  @TempDir Path folder;

  @Test
  void folder_isReadRecursively_inOrderOfNames() throws IOException {
    write("b.png", flat(0));
    write("a/z.png", flat(255));
    write("a/deep/er/y.PNG", flat(51));
    write("notes.txt", new byte[] {1});
    write(".hidden.png", flat(9));
    write("__MACOSX/a.png", flat(9));
    for (DatasetOptions options : List.of(TWO_BY_TWO, NOT_CACHED)) {
      try (ImageDataset set = ImageDataset.open(folder, options)) {
        assertThat(names(set)).containsExactly("a/deep/er/y.PNG", "a/z.png", "b.png");
        assertThat(set.chw(0)).hasSize(12).containsOnly(51 / 127.5f - 1);
        assertThat(set.chw(1)).containsOnly(1);
        float[] buffer = new float[20];
        set.read(2, buffer, 4);
        assertThat(Arrays.copyOfRange(buffer, 4, 16)).containsOnly(-1);
        assertThat(buffer[3]).isZero();
        assertThat(buffer[16]).isZero();
        assertThat(set.label(0)).isEqualTo(OptionalInt.empty());
      }
    }
  }

  @Test
  void folderAndZip_ofTheSameFiles_areTheSameSet() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    Random random = new Random(4);
    for (int i = 0; i < 20; i++) {
      byte[] bytes = new byte[8 * 6 * 3];
      random.nextBytes(bytes);
      files.put("x/" + i + ".png", Png.encode(new Pixels(8, 6, 3, bytes)));
    }
    for (var file : files.entrySet()) {
      write("folder/" + file.getKey(), file.getValue());
    }
    Path zip = zip("set.zip", files);
    try (ImageDataset a = ImageDataset.open(folder.resolve("folder"), TWO_BY_TWO);
        ImageDataset b = ImageDataset.open(zip, NOT_CACHED)) {
      assertThat(names(a)).isEqualTo(names(b));
      for (int i = 0; i < 20; i++) {
        assertThat(a.chw(i)).containsExactly(b.chw(i));
      }
    }
  }

  @Test
  void zipOfAThousandEntries_isReadInOrder() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    List<Integer> numbers = new java.util.ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, new Random(1));
    for (int i : numbers) {
      files.put(String.format("%05d.png", i), flat(i % 256));
    }
    Path zip = zip("many.zip", files);
    try (ImageDataset set = ImageDataset.open(zip, TWO_BY_TWO)) {
      assertThat(set.size()).isEqualTo(1000);
      for (int i = 0; i < 1000; i++) {
        assertThat(set.name(i)).isEqualTo(String.format("%05d.png", i));
        assertThat(set.chw(i)[0]).isEqualTo(i % 256 / 127.5f - 1);
      }
    }
  }

  @Test
  void split_defaultsToTrain() throws IOException {
    write("train/a-1.png", flat(1));
    write("train/a-2.png", flat(2));
    write("val/a-3.png", flat(3));
    assertThat(namesOf(TWO_BY_TWO)).containsExactly("train/a-1.png", "train/a-2.png");
    assertThat(namesOf(TWO_BY_TWO.withSplit("val"))).containsExactly("val/a-3.png");
    assertThatThrownBy(() -> namesOf(TWO_BY_TWO.withSplit("test")))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("has no images under test/, its top level is: [train, val]");
    write("more.png", flat(4));
    assertThat(namesOf(TWO_BY_TWO)).hasSize(4);
  }

  @Test
  void classes_comeFromFoldersOrPrefixes() throws IOException {
    write("train/cat/2/x-1.png", flat(0));
    write("train/ape/y-1.png", flat(0));
    write("train/cat/x-2.png", flat(0));
    write("val/ape/y-2.png", flat(0));
    for (DatasetOptions base : List.of(TWO_BY_TWO, NOT_CACHED)) {
      try (ImageDataset set = ImageDataset.open(folder, base.withLabels(Labels.FOLDER))) {
        assertThat(set.classes()).containsExactly("ape", "cat");
        assertThat(labels(set)).containsExactly(0, 1, 1);
      }
      try (ImageDataset set = ImageDataset.open(folder, base.withLabels(Labels.PREFIX))) {
        assertThat(set.classes()).containsExactly("x", "y");
        assertThat(labels(set)).containsExactly(1, 0, 0);
      }
    }
    write("train/plain.png", flat(0));
    assertThatThrownBy(() -> namesOf(TWO_BY_TWO.withLabels(Labels.FOLDER)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("train/plain.png")
        .hasMessageContaining("is not in a class folder");
    assertThatThrownBy(() -> namesOf(TWO_BY_TWO.withLabels(Labels.PREFIX)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has no class before a '-'");
  }

  @Test
  void brokenFiles_withinTheLimit_areLeftOut() throws IOException {
    for (int i = 0; i < 6; i++) {
      write("ok-" + i + ".png", flat(i));
    }
    byte[] whole = flat(77);
    write("ok-2b.png", Arrays.copyOf(whole, whole.length / 2));
    write("ok-9.jpg", new byte[] {1, 2, 3});
    try (ImageDataset set = ImageDataset.open(folder, TWO_BY_TWO.withLabels(Labels.PREFIX))) {
      assertThat(set.size()).isEqualTo(6);
      assertThat(set.name(3)).isEqualTo("ok-3.png");
      assertThat(set.chw(3)[0]).isEqualTo(3 / 127.5f - 1);
      assertThat(set.brokenFiles()).hasSize(2);
      assertThat(set.brokenFiles().get(0)).startsWith("ok-2b.png is a broken PNG file");
      assertThat(set.brokenFiles().get(1))
          .isEqualTo("ok-9.jpg is neither a PNG nor a JPEG nor a WebP file");
    }
  }

  @Test
  void brokenFile_foundLate_isReplacedByTheNextOfItsClass() throws IOException {
    write("a-1.png", new byte[] {0});
    write("b-1.png", flat(20));
    write("b-2.png", new byte[] {0});
    write("a-2.png", flat(10));
    write("c-1.png", flat(30));
    DatasetOptions options = NOT_CACHED.withLabels(Labels.PREFIX);
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.size()).isEqualTo(5);
      assertThat(names(set).get(0)).isEqualTo("a-1.png");
      assertThat(set.chw(0)).containsOnly(10 / 127.5f - 1);
      assertThat(set.chw(3)).containsOnly(20 / 127.5f - 1);
      assertThat(set.brokenFiles()).hasSize(2);
    }
  }

  @Test
  void mostlyBrokenSet_isRefused_withAReason() throws IOException {
    for (int i = 0; i < 4; i++) {
      write(i + ".png", new byte[0]);
    }
    write("4.png", flat(0));
    write("5.png", flat(0));
    assertThatThrownBy(() -> namesOf(TWO_BY_TWO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageMatching(
            "at least 4 of the 6 images in .* cannot be read, more than brokenMax 0.5 allows; for"
                + " example: [0-3].png is an empty file");
    assertThatThrownBy(() -> ImageDataset.open(folder, NOT_CACHED))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("4 of the 6 images");
  }

  @Test
  void decompressionBombs_countAsBroken() throws IOException {
    write("a.png", flat(1));
    write("b.png", flat(2));
    byte[] bomb = flat(3);
    bomb[16] = 0x7F; // the width's first byte
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    crc.update(bomb, 12, 17);
    java.nio.ByteBuffer.wrap(bomb).putInt(29, (int) crc.getValue());
    write("c.png", bomb);
    try (ImageDataset set = ImageDataset.open(folder, TWO_BY_TWO)) {
      assertThat(set.brokenFiles()).hasSize(1);
      assertThat(set.brokenFiles().get(0)).startsWith("c.png is 2130706").contains("the limit is");
    }
  }

  @Test
  void endlessZipEntry_countsAsBroken() throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("a.png", flat(1));
    files.put("b.png", new byte[FileSource.FILE_BYTES_MAX + 1]);
    Path zip = zip("bomb.zip", files);
    assertThat(Files.size(zip)).isLessThan(1 << 20);
    try (ImageDataset set = ImageDataset.open(zip, TWO_BY_TWO)) {
      assertThat(set.brokenFiles()).containsExactly("b.png is larger than 64 MiB");
    }
  }

  @Test
  void zipNames_neverReachTheFileSystem() throws IOException {
    write("outside.png", flat(200));
    Path zip = zip("inner/evil.zip", Map.of("a/../../outside.png", flat(1)));
    // '..' begins with a dot: passed over like every hidden name.
    assertThatThrownBy(() -> ImageDataset.open(zip, TWO_BY_TWO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("contains no PNG, JPEG or WebP file (1 other files)");
  }

  @Test
  void emptySet_isRefused_withAClearMessage() throws IOException {
    assertThatThrownBy(() -> ImageDataset.open(folder.resolve("gone"), TWO_BY_TWO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("gone does not exist");
    assertThatThrownBy(() -> ImageDataset.open(folder, TWO_BY_TWO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageEndingWith("contains no PNG, JPEG or WebP file (0 other files)");
    write("not.zip", new byte[] {'P', 'K', 3, 4, 0, 0});
    assertThatThrownBy(() -> ImageDataset.open(folder.resolve("not.zip"), TWO_BY_TWO))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("is a damaged or incomplete zip file");
  }

  @Test
  void images_areReadInTheWantedSizeAndChannels() throws IOException {
    write("wide.png", Png.encode(new Pixels(4, 2, 3, new byte[24])));
    DatasetOptions options = DatasetOptions.of(6, 3).withChannels(1);
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      assertThat(set.channels()).isEqualTo(1);
      assertThat(set.height()).isEqualTo(6);
      assertThat(set.width()).isEqualTo(3);
      assertThat(set.chw(0)).hasSize(18).containsOnly(-1);
    }
    assertThatThrownBy(() -> DatasetOptions.of(0, 3)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> options.withChannels(2)).isInstanceOf(InvalidInputException.class);
  }

  @Test
  void flip_mirrorsRows_andTwiceIsIdentity() {
    float[] chw = {9, 1, 2, 3, 4, 5, 6, 9};
    Flip.horizontal(chw, 1, 2, 1, 3);
    assertThat(chw).containsExactly(9, 3, 2, 1, 6, 5, 4, 9);
    Flip.horizontal(chw, 1, 2, 1, 3);
    assertThat(chw).containsExactly(9, 1, 2, 3, 4, 5, 6, 9);
    assertThatThrownBy(() -> Flip.horizontal(chw, 4, 2, 1, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static byte[] flat(int value) {
    byte[] bytes = new byte[4 * 4 * 3];
    Arrays.fill(bytes, (byte) value);
    return Png.encode(new Pixels(4, 4, 3, bytes));
  }

  private void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private Path zip(String name, Map<String, byte[]> files) throws IOException {
    Path zip = folder.resolve(name);
    Files.createDirectories(zip.getParent());
    try (OutputStream out = Files.newOutputStream(zip);
        ZipOutputStream entries = new ZipOutputStream(out)) {
      for (var file : files.entrySet()) {
        entries.putNextEntry(new ZipEntry(file.getKey()));
        entries.write(file.getValue());
      }
    }
    return zip;
  }

  private List<String> namesOf(DatasetOptions options) throws IOException {
    try (ImageDataset set = ImageDataset.open(folder, options)) {
      return names(set);
    }
  }

  private static List<String> names(ImageDataset set) {
    return java.util.stream.IntStream.range(0, set.size()).mapToObj(set::name).toList();
  }

  private static List<Integer> labels(ImageDataset set) {
    return java.util.stream.IntStream.range(0, set.size())
        .mapToObj(i -> set.label(i).getAsInt())
        .toList();
  }
}
