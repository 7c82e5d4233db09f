package dev.mezzotint.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZipArchiveTest {
  private static final Path ZIPS = Path.of("src/test/resources/zips");
  private static final int MANY = 1000;
  private static final int CENTRAL_ENTRY = 0x02014b50;
  private static final int LOCAL_ENTRY = 0x04034b50;

  @TempDir Path folder;

  private static byte[] zip(Charset names, String... entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes, names)) {
      for (String entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(entry.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("a.zip"), bytes);
  }

  private static ZipArchive open(Path path) throws IOException {
    return ZipArchive.open(path, MANY, 1 << 20);
  }

  private static List<String> names(Path path) throws IOException {
    try (ZipArchive zip = open(path)) {
      for (String name : zip.names()) {
        assertThat(zip.bytes(name, 1 << 20)).as(name).isNotEmpty();
      }
      return zip.names();
    }
  }

  private void refuses(byte[] bytes, String reason) throws IOException {
    Path file = write(bytes);
    assertThatThrownBy(() -> open(file)).isInstanceOf(ZipException.class).hasMessage(reason);
  }

  /** Sets a field of the first entry's header in the directory, and in front of its data. */
  private static byte[] with(byte[] zip, int centralOffset, int localOffset, int value) {
    byte[] changed = zip.clone();
    ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < changed.length - 4; at++) {
      if (bytes.getInt(at) == CENTRAL_ENTRY) {
        bytes.putShort(at + centralOffset, (short) value);
      } else if (bytes.getInt(at) == LOCAL_ENTRY) {
        bytes.putShort(at + localOffset, (short) value);
      }
    }
    return changed;
  }

  @Test
  void names_ofCodePage437_asWindowsWritesThem() throws IOException {
    assertThat(names(ZIPS.resolve("cp437.zip"))).hasSize(24).contains("Straße/Köln 0.png");
  }

  @Test
  void names_withAndWithoutTheMarkOfUtf8_mayBeMixed() throws IOException {
    byte[] marked = zip(StandardCharsets.UTF_8, "Köln.png", "日本.png");
    byte[] unmarked = with(marked, 8, 6, 0);
    assertThat(names(write(unmarked))).containsExactly("Köln.png", "日本.png");
    // Java marks names beyond ASCII; the first one becomes a name of code page 437.
    byte[] legacy = zip(Charset.forName("IBM437"), "Köln.png", "Straße.png");
    assertThat(names(write(legacy))).containsExactly("Köln.png", "Straße.png");
    byte[] mixed = zip(StandardCharsets.UTF_8, "日本.png", "K\u00F6ln.png");
    ByteBuffer bytes = ByteBuffer.wrap(mixed).order(ByteOrder.LITTLE_ENDIAN);
    boolean first = true;
    for (int at = 0; at < mixed.length - 4; at++) {
      if (bytes.getInt(at) == CENTRAL_ENTRY) {
        bytes.putShort(at + 8, (short) 0);
        if (!first) { // K, two bytes of code page 437, ln.png
          bytes.put(at + 47, (byte) 0x94).put(at + 48, (byte) 0xE1);
        }
        first = false;
      }
    }
    assertThat(names(write(mixed))).containsExactly("日本.png", "Kößln.png");
  }

  @Test
  void names_withBackslashes_haveSlashes() throws IOException {
    assertThat(names(ZIPS.resolve("backslash.zip"))).hasSize(24).contains("data/train/cat/0.png");
    assertThat(names(write(zip(StandardCharsets.UTF_8, "a/b\\c.png", "d\\", "e\\f.png"))))
        .containsExactly("a/b\\c.png", "e/f.png");
  }

  @Test
  void methodsThatAreNotRead_areNamed() throws IOException {
    assertThatThrownBy(() -> open(ZIPS.resolve("deflate64.zip")))
        .isInstanceOf(ZipException.class)
        .hasMessage("is packed by deflate64, which is not read here: pack it again with deflate");
    byte[] plain = zip(StandardCharsets.UTF_8, "a.png");
    Map.of(1, "shrink", 6, "implode", 12, "bzip2", 14, "LZMA", 93, "zstd", 95, "XZ", 98, "PPMd")
        .forEach(
            (method, name) -> {
              try {
                refuses(
                    with(plain, 10, 8, method),
                    "is packed by "
                        + name
                        + ", which is not read here: pack it again with deflate");
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    refuses(
        with(plain, 10, 8, 77),
        "is packed by method 77, which is not read here: pack it again with deflate");
  }

  @Test
  void encryptedZips_areNamed() throws IOException {
    refuses(
        with(zip(StandardCharsets.UTF_8, "a.png"), 8, 6, 1),
        "is encrypted, which is not read here: pack it again without a password");
  }

  @Test
  void filesOfOtherFormats_areNamed() throws IOException {
    byte[] rest = new byte[100];
    Map.of(
            "7z\u00BC\u00AF", "is a 7-Zip archive, not a zip file: pack it as a zip",
            "Rar!", "is a RAR archive, not a zip file: pack it as a zip",
            "\u001F\u008B", "is a gzip file, not a zip file: pack it as a zip",
            "version https://git-lfs",
                "is a pointer of git-lfs, not the file itself: run git lfs pull",
            "<html>", "is an HTML page, not the file itself: download it again",
            "anything", "is not a zip file",
            "", "is not a zip file")
        .forEach(
            (start, reason) -> {
              byte[] bytes = start.getBytes(StandardCharsets.ISO_8859_1);
              try {
                refuses(ByteBuffer.allocate(200).put(bytes).put(rest).array(), reason);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    refuses(new byte[0], "is not a zip file");
  }

  @Test
  void truncatedZips_areNamed() throws IOException {
    byte[] whole = zip(StandardCharsets.UTF_8, "a.png", "b.png");
    for (int length = 4; length < whole.length; length++) {
      Path file = write(java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> open(file))
          .isInstanceOf(ZipException.class)
          .hasMessageStartingWith("is a damaged or incomplete zip file");
    }
  }

  @Test
  void limits_holdForEntries_directory_andUnpackedBytes() throws IOException {
    Path file = write(zip(StandardCharsets.UTF_8, "a.png", "b.png", "c.png"));
    assertThatThrownBy(() -> ZipArchive.open(file, 2, 1 << 20))
        .hasMessage("has 3 entries, at most 2 are allowed");
    assertThatThrownBy(() -> ZipArchive.open(file, 3, 100))
        .hasMessage("lists far more files than are allowed");
    try (ZipArchive zip = open(file)) {
      assertThat(zip.bytes("a.png", 5)).hasSize(5);
      assertThatThrownBy(() -> zip.bytes("a.png", 4))
          .hasMessage("unpacks to 5 bytes, at most 4 are allowed");
      assertThatThrownBy(() -> zip.bytes("d.png", 4)).hasMessage("is not in the zip");
    }
  }

  @Test
  void damagedEntries_areRefused() throws IOException {
    byte[] whole = zip(StandardCharsets.UTF_8, "a.png");
    for (int field : new int[] {16, 24}) { // checksum and size in the directory
      byte[] broken = with(whole, field, 4, 3);
      try (ZipArchive zip = open(write(broken))) {
        assertThatThrownBy(() -> zip.bytes("a.png", 1 << 20))
            .hasMessageContaining("does not unpack to the size and checksum");
      }
    }
  }

  @Test
  void declaredBytes_readsTheRecordOfLargeZips() throws IOException {
    ByteBuffer file = ByteBuffer.allocate(56 + 20 + 22).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0, 0x06064b50).putLong(40, 1234); // the larger end record
    file.putInt(56, 0x07064b50).putLong(56 + 8, 0); // its locator
    file.putInt(76, 0x06054b50).putInt(76 + 12, -1);
    assertThat(ZipDirectory.declaredBytes(write(file.array()))).isEqualTo(1234);
    file.putInt(56, 0);
    assertThat(ZipDirectory.declaredBytes(write(file.array()))).isEqualTo(0xFFFFFFFFL);
  }
}
