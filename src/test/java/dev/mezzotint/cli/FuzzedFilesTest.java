package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged zips and weights through {@code datasets check} and {@code import}: each is read, or
 * refused in one line, with bounded time and memory. {@code -Dmezzotint.fuzz=500} tries 500 of each
 * kind.
 */
class FuzzedFilesTest {
  private static final int FILES = Integer.getInteger("mezzotint.fuzz", 60);
  private static final long CPU_NANOS_MAX = 5_000_000_000L;

  /** All that a command allocates; a file in a zip may have 64 MiB, and is copied twice. */
  private static final long ALLOCATED_BYTES_MAX = 400L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

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

  /** Damages a file as downloads, disks and attackers do. */
  private static byte[] damaged(byte[] whole, int range, SplittableRandom random) {
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

  private int outcome(Terminal terminal, String command, String what) {
    long cpu = THREADS.getCurrentThreadCpuTime();
    long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    int code = terminal.run(command);
    assertThat(THREADS.getCurrentThreadCpuTime() - cpu).as(what).isLessThan(CPU_NANOS_MAX);
    assertThat(THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated)
        .as(what)
        .isLessThan(ALLOCATED_BYTES_MAX);
    assertThat(code).as("%s: %s", what, terminal.stderr()).isIn(0, 2);
    assertThat(terminal.stderr()).as(what).doesNotContain("Exception", "\tat ", "null");
    if (code != 0 && terminal.stdout().isEmpty()) {
      assertThat(terminal.stderr().lines()).as(what).hasSize(1);
    }
    return code;
  }

  @Test
  void damagedZips_areReadOrRefused() throws IOException {
    List<byte[]> seeds =
        List.of(
            zip(/* stored= */ true),
            zip(/* stored= */ false),
            Files.readAllBytes(Path.of("src/test/resources/zips/cp437.zip")));
    Terminal terminal = new Terminal(folder);
    SplittableRandom random = new SplittableRandom(11);
    int read = 0;
    for (int i = 0; i < FILES; i++) {
      byte[] seed = seeds.get(i % seeds.size());
      Files.write(folder.resolve("f.zip"), damaged(seed, seed.length, random));
      String labels = i % 2 == 0 ? "" : " --labels folder";
      read +=
          outcome(terminal, "datasets check @/f.zip --size 8" + labels, "zip " + i) == 0 ? 1 : 0;
    }
    assertThat(read).isLessThan(FILES);
  }

  @Test
  void damagedWeights_areReadOrRefused() throws IOException {
    Path model = Files.createDirectories(folder.resolve("model"));
    Files.copy(Path.of(Terminal.DEFAULTS, "config.json"), model.resolve("config.json"));
    Terminal terminal = new Terminal(folder);
    SplittableRandom random = new SplittableRandom(12);
    int refused = 0;
    for (int i = 0; i < FILES; i++) {
      String name = "diffusion_pytorch_model." + (i % 2 == 0 ? "safetensors" : "bin");
      byte[] whole = Files.readAllBytes(Path.of(Terminal.DEFAULTS, name));
      // The header, and the places that the zip's directory points to, are the sensitive parts.
      byte[] file =
          i % 2 == 0 ? damaged(whole, 30_000, random) : damaged(reversible(whole), 60_000, random);
      Path weights = Files.write(model.resolve(name), i % 2 == 0 ? file : reversible(file));
      refused += outcome(terminal, "import @/model --to @/to" + i, name + " " + i) == 2 ? 1 : 0;
      Files.delete(weights);
    }
    assertThat(refused).isGreaterThan(FILES / 3);
  }

  /** Backwards, so that a zip's directory is at the start. */
  private static byte[] reversible(byte[] file) {
    byte[] reversed = new byte[file.length];
    for (int i = 0; i < file.length; i++) {
      reversed[i] = file[file.length - 1 - i];
    }
    return reversed;
  }

  @Test
  void zipBombs_areRefused() throws IOException {
    Path zip = folder.resolve("bomb.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("1.png"));
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 300; i++) {
        out.write(zeros);
      }
    }
    Terminal terminal = new Terminal(folder);
    assertThat(outcome(terminal, "datasets check @/bomb.zip", "bomb")).isEqualTo(2);
    assertThat(terminal.stdout()).contains("1.png is larger than 64 MiB");
    byte[] lying = Files.readAllBytes(zip);
    ByteBuffer bytes = ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < lying.length - 4; at++) {
      if (bytes.getInt(at) == 0x02014b50) {
        bytes.putInt(at + 24, 100); // the size that the directory declares
      }
    }
    Files.write(zip, lying);
    assertThat(outcome(terminal, "datasets check @/bomb.zip", "lying bomb")).isEqualTo(2);
    assertThat(terminal.stdout())
        .contains("does not unpack to the size and checksum that the zip declares");
  }
}
