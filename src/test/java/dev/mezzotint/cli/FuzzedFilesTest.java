package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mezzotint.files.FuzzedFiles;
import dev.mezzotint.image.FuzzedImages;
import dev.mezzotint.json.JsonObject;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged images, zips and weights through {@code datasets check} and {@code import}: each is read,
 * or refused in one line, with bounded time and memory. {@code -Dmezzotint.fuzz=500} tries 500 of
 * each kind, and 2000 images.
 */
class FuzzedFilesTest {
  private static final int FILES = FuzzedFiles.COUNT;
  private static final long CPU_NANOS_MAX = 5_000_000_000L;

  /** All that a command allocates; a file in a zip may have 64 MiB, and is copied twice. */
  private static final long ALLOCATED_BYTES_MAX = 400L << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

  private int outcome(Terminal terminal, String command, String what) {
    long cpu = THREADS.getCurrentThreadCpuTime();
    long allocated = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    int code = terminal.run(command);
    assertThat(THREADS.getCurrentThreadCpuTime() - cpu).as(what).isLessThan(CPU_NANOS_MAX);
    assertThat(THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated)
        .as(what)
        .isLessThan(ALLOCATED_BYTES_MAX);
    assertThat(code).as("%s: %s", what, terminal.stderr()).isIn(0, 2);
    assertThat(terminal.stderr()).as(what).doesNotContain("Exception", "\tat ", " null");
    if (code != 0 && terminal.stdout().isEmpty()) {
      assertThat(terminal.stderr().lines()).as(what).hasSize(1);
    }
    return code;
  }

  /** One data set of all images; each of them is read, or counts as broken with its reason. */
  @Test
  void damagedImages_areReadOrCountAsBroken() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    FuzzedImages fuzzed = new FuzzedImages(13);
    Map<String, byte[]> files = new TreeMap<>();
    for (int i = 0; i < 4 * FILES; i++) {
      FuzzedImages.Fuzzed image = fuzzed.next();
      String name = "%04d-%s".formatted(i, image.name());
      files.put(name, image.file());
      Files.write(images.resolve(name), image.file());
    }
    Terminal terminal = new Terminal(folder);
    assertThat(terminal.run("datasets check @/images --size 8 --json")).isEqualTo(2);
    Map<String, String> broken = new TreeMap<>();
    JsonObject report = JsonObject.parse(terminal.stdout());
    for (String line : report.strings("broken", 4 * FILES).orElseThrow()) {
      int space = line.indexOf(' ');
      broken.put(line.substring(0, space), line.substring(space + 1));
    }
    assertThat(files.keySet()).containsAll(broken.keySet());
    assertThat(broken.size()).isBetween(FILES, 4 * FILES - FILES / 5);
    assertThat(broken.values())
        .allMatch(reason -> reason.startsWith("is ") && !reason.contains("Exception"));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      FuzzedFiles.keep(
          "image-" + file.getKey(), file.getValue(), broken.getOrDefault(file.getKey(), "read"));
    }
  }

  @Test
  void damagedZips_areReadOrRefused() throws IOException {
    Terminal terminal = new Terminal(folder);
    int read = 0;
    List<byte[]> zips = FuzzedFiles.zips(11);
    for (int i = 0; i < FILES; i++) {
      Files.write(folder.resolve("f.zip"), zips.get(i));
      String labels = i % 2 == 0 ? "" : " --labels folder";
      int code = outcome(terminal, "datasets check @/f.zip --size 8" + labels, "zip " + i);
      read += code == 0 ? 1 : 0;
      FuzzedFiles.keep(
          "zip-%04d.zip".formatted(i), zips.get(i), terminal.stdout() + terminal.stderr());
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
          i % 2 == 0
              ? FuzzedFiles.damaged(whole, 30_000, random)
              : reversible(FuzzedFiles.damaged(reversible(whole), 60_000, random));
      Path weights = Files.write(model.resolve(name), file);
      int code = outcome(terminal, "import @/model --to @/to" + i, name + " " + i);
      refused += code == 2 ? 1 : 0;
      FuzzedFiles.keep(
          "weights-%04d%s".formatted(i, name.substring(name.indexOf('.'))),
          file,
          code == 0 ? "read" : terminal.stderr());
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
