package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.ModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code evaluate}. */
class EvaluateCommandTest {
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  @BeforeEach
  void setUp() throws IOException {
    terminal = new Terminal(folder);
    for (String split : new String[] {"train", "val"}) {
      Files.createDirectories(folder.resolve("data/" + split));
      for (int n = 0; n < 18; n++) {
        byte[] rgb = new byte[3 * 256];
        for (int i = 0; i < rgb.length; i++) {
          rgb[i] = (byte) (i * (n + split.length()) % 251);
        }
        Files.write(
            folder.resolve("data/%s/%02d.png".formatted(split, n)),
            Png.encode(new Pixels(16, 16, 3, rgb), 1));
      }
    }
  }

  private static String evaluate(String more) {
    return "evaluate --model "
        + Terminal.DEFAULTS
        + " --data @/data --steps 1 --sampler euler --repeats 2 "
        + more;
  }

  @Test
  void printsMetricsAndWritesReportCardAndSheet() throws IOException {
    terminal.succeeds("import " + Terminal.DEFAULTS + " --to @/model");
    terminal.succeeds(
        "evaluate --model @/model --data @/data --steps 1 --repeats 2 --count 16"
            + " --report @/new/metrics.json --sheet @/new/sheet.png --card");
    assertThat(terminal.stdout())
        .contains("16 images each, 2 repeats from seed 0", "patch SWD", "KID", "coverage");
    String figures = Files.readString(folder.resolve("new/metrics.json"));
    assertThat(figures).contains("\"slicedWasserstein16x16\"", "\"ratio\"", "\"split\" : \"val\"");
    byte[] sheet = Files.readAllBytes(folder.resolve("new/sheet.png"));
    assertThat(ImageReader.read(sheet, 3).width())
        .isEqualTo(110 + 3 * (2 + 12 * 18)); // words, then the images three times as large
    assertThat(ModelFolder.openPath(folder.resolve("model")).card().metrics().toString())
        .contains("evaluation", "nearestTraining");
  }

  @Test
  void refusesInvalidRequests() throws IOException {
    terminal.refuses(evaluate("--count 19"), "19", "held-out", "there are 18 and 18");
    terminal.refuses(evaluate("--count 4"), "--count must be from 16");
    terminal.refuses(evaluate("--split nope"), "nope");
    terminal.refuses(evaluate("--split train"), "--split train is what the model was trained on");
    terminal.refuses(evaluate("--repeats 3"), "--repeats"); // twice given
    terminal.refuses(
        "evaluate --model " + Terminal.DEFAULTS + " --data @/nothing", "nothing does not exist");
    terminal.refuses(
        "evaluate --model triangle-square-2d --data @/data", "triangle", "study plane");
    Files.move(folder.resolve("data/val"), folder.resolve("data/more"));
    terminal.refuses(evaluate("--count 16"), "no folder val or test");
  }
}
