package dev.mezzotint.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Files as downloads, disks and attackers damage them, the same ones for a seed.
 *
 * <p>{@code -Dmezzotint.fuzz.keep=FOLDER} keeps them with what became of each in {@code
 * outcomes.tsv}, which src/benchmark/peer/fuzz.py compares with what Python reads.
 */
public final class FuzzedFiles {
  /** Zips and weights that are tried; of images four times as many. */
  public static final int COUNT = Integer.getInteger("mezzotint.fuzz", 60);

  private static final String KEEP = System.getProperty("mezzotint.fuzz.keep", "");

  private FuzzedFiles() {}

  /** Damaged zips, each with up to three images. */
  public static List<byte[]> zips(long seed) throws IOException {
    List<byte[]> whole =
        List.of(
            zip(/* stored= */ true),
            zip(/* stored= */ false),
            Files.readAllBytes(Path.of("src/test/resources/zips/cp437.zip")));
    SplittableRandom random = new SplittableRandom(seed);
    byte[][] zips = new byte[COUNT][];
    for (int i = 0; i < COUNT; i++) {
      byte[] one = whole.get(i % whole.size());
      zips[i] = damaged(one, one.length, random);
    }
    return List.of(zips);
  }

  private static byte[] zip(boolean stored) throws IOException {
    byte[] png = Png.encode(new Pixels(8, 8, 3, new byte[3 * 64]));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (String name : List.of("a/1.png", "a/2.png", "b/Straße.png", "b/", "notes.txt")) {
        ZipEntry entry = new ZipEntry(name);
        byte[] content = name.endsWith(".png") ? png : new byte[0];
        if (stored) {
          CRC32 crc = new CRC32();
          crc.update(content);
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  /**
   * @param range the first bytes of the file, which are damaged more often than others
   */
  public static byte[] damaged(byte[] whole, int range, SplittableRandom random) {
    byte[] file = whole.clone();
    int limit = Math.min(range, file.length);
    switch (random.nextInt(6)) {
      case 0 -> {
        return Arrays.copyOf(file, random.nextInt(file.length));
      }
      case 1 -> {
        int from = random.nextInt(file.length);
        return Arrays.copyOfRange(file, from, file.length);
      }
      case 2 -> { // a length, an offset or a checksum
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int[] values = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 0xFFFF, 1 << 30};
        bytes.putInt(random.nextInt(limit - 4), values[random.nextInt(values.length)]);
      }
      case 3 -> { // a block from elsewhere
        int length = 1 + random.nextInt(Math.min(64, limit / 2));
        int from = random.nextInt(file.length - length);
        System.arraycopy(file, from, file, random.nextInt(limit - length), length);
      }
      default -> {
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          file[random.nextInt(limit)] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return file;
  }

  /**
   * @param outcome {@code read} or the reason of the refusal
   */
  public static void keep(String name, byte[] file, String outcome) throws IOException {
    if (KEEP.isEmpty()) {
      return;
    }
    Path folder = Files.createDirectories(Path.of(KEEP));
    Files.write(folder.resolve(name), file);
    Files.writeString(
        folder.resolve("outcomes.tsv"),
        name + "\t" + outcome.replaceAll("\\s+", " ") + "\n",
        UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }
}
