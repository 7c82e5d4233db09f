package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs each line of the table "Archives, names and weights" in docs/models.md. */
class UserFilesTableTest {
  private static final Path PAGE = Path.of("docs/models.md");
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
  private static final String ZIPS = "src/test/resources/zips/";
  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([^|]+) \\| (yes|no) \\|");

  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));
  private final Map<String, String> commands = new LinkedHashMap<>();

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private static Map<String, Boolean> rows() throws IOException {
    String page = Files.readString(PAGE);
    String section = page.substring(page.indexOf("## Archives, names and weights"));
    Map<String, Boolean> rows = new LinkedHashMap<>();
    ROW.matcher(section.substring(0, section.indexOf("\n## ")))
        .results()
        .forEach(row -> rows.put(row.group(1).strip(), row.group(2).equals("yes")));
    return rows;
  }

  private static byte[] png() {
    return Png.encode(new Pixels(8, 8, 3, new byte[3 * 64]));
  }

  private byte[] zip(boolean stored) throws IOException {
    Path file = folder.resolve("plain.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (String name : new String[] {"1.png", "2.png"}) {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(png());
        if (stored) {
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(png().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(png());
        zip.closeEntry();
      }
    }
    return Files.readAllBytes(file);
  }

  private void check(String row, String name, byte[] content) throws IOException {
    Files.write(folder.resolve(name), content);
    commands.put(row, "datasets check @/" + name + " --size 8");
  }

  private Path model(String name) throws IOException {
    Path model = Files.createDirectories(folder.resolve(name));
    Files.copy(Path.of(Terminal.DEFAULTS, "config.json"), model.resolve("config.json"));
    Files.copy(Path.of(Terminal.DEFAULTS, WEIGHTS), model.resolve(WEIGHTS));
    return model;
  }

  private void imports(String row, String from) {
    commands.put(row, "import " + from + " --to @/to" + commands.size());
  }

  private void pipeline(String row, String name, String scheduler, String index)
      throws IOException {
    model(name + "/unet");
    Files.createDirectories(folder.resolve(name).resolve("scheduler"));
    Files.writeString(folder.resolve(name).resolve("scheduler/scheduler_config.json"), scheduler);
    Files.writeString(folder.resolve(name).resolve("model_index.json"), index);
    imports(row, "@/" + name);
  }

  private void archives() throws IOException {
    Path linked = Files.createDirectories(folder.resolve("linked/real"));
    Files.write(linked.resolve("1.png"), png());
    Files.write(linked.resolve("2.png"), png());
    Path set = Files.createDirectories(folder.resolve("set"));
    Files.createSymbolicLink(set.resolve("a"), linked);
    commands.put("folder with links", "datasets check @/set --size 8");
    Path lost = Files.createDirectories(folder.resolve("lost"));
    Files.createSymbolicLink(lost.resolve("1.png"), Path.of("gone.png"));
    commands.put("link without target", "datasets check @/lost --size 8");
    check("zip, stored or deflated", "good.zip", zip(/* stored= */ true));
    commands.put(
        "zip with names in code page 437", "datasets check " + ZIPS + "cp437.zip --size 8");
    commands.put("zip with backslashes", "datasets check " + ZIPS + "backslash.zip --size 8");
    commands.put(
        "zip by deflate64, bzip2, LZMA, zstd or others",
        "datasets check " + ZIPS + "deflate64.zip --size 8");
    byte[] encrypted = zip(/* stored= */ false);
    ByteBuffer bytes = ByteBuffer.wrap(encrypted).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < encrypted.length - 4; at++) {
      if (bytes.getInt(at) == 0x02014b50) {
        bytes.putShort(at + 8, (short) 1);
      }
    }
    check("encrypted zip", "encrypted.zip", encrypted);
    check("7-Zip, RAR, gzip", "a.7z.zip", "7z\u00BC\u00AF".getBytes(StandardCharsets.ISO_8859_1));
    check(
        "pointer of git-lfs",
        "pointer.zip",
        "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8));
  }

  private void weights() throws IOException {
    imports("safetensors", Terminal.DEFAULTS + "/" + WEIGHTS);
    imports("file of torch.save", Terminal.DEFAULTS + "/diffusion_pytorch_model.bin");
    Map<String, Tensor> wrapped = new LinkedHashMap<>();
    SafeTensors.read(Path.of(Terminal.DEFAULTS, WEIGHTS))
        .forEach((name, tensor) -> wrapped.put("model._orig_mod." + name, tensor));
    SafeTensors.write(model("wrapped").resolve(WEIGHTS), wrapped, Map.of());
    imports("weights with a prefix", "@/wrapped");
    Path program = model("program").resolve("p.pt");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(program))) {
      for (String name : new String[] {"p/data.pkl", "p/constants.pkl"}) {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(0);
        entry.setCrc(0);
        zip.putNextEntry(entry);
        zip.closeEntry();
      }
    }
    imports("TorchScript program", "@/program/p.pt");
    model("bare");
    imports("network without card and scheduler", "@/bare");
  }

  private void pipelines() throws IOException {
    String index = "{\"_class_name\": \"DDPMPipeline\", \"unet\": [\"diffusers\", \"UNet2DModel\"]}";
    String ddpm = "{\"_class_name\": \"DDPMScheduler\", \"prediction_type\": \"epsilon\"}";
    pipeline("pipeline with a DDPM scheduler", "ddpm", ddpm, index);
    pipeline(
        "pipeline with v_prediction", "v", ddpm.replace("epsilon", "v_prediction"), index);
    pipeline(
        "pipeline with other networks",
        "latent",
        ddpm,
        index.replace("\"unet\"", "\"vqvae\": [\"diffusers\", \"VQModel\"], \"unet\""));
  }

  @Test
  void everyLine_isAsTheTableSays() throws IOException {
    archives();
    weights();
    pipelines();
    Map<String, Boolean> rows = rows();
    // WrappedWeightsTest reads state dicts under keys: it writes pickles opcode by opcode.
    assertThat(rows.remove("state dict under a key")).isTrue();
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(commands.keySet());
    rows.forEach(
        (row, read) ->
            assertThat(terminal.run(commands.get(row)))
                .as("%s: %s", row, terminal.stderr())
                .isEqualTo(read ? 0 : 2));
  }
}
