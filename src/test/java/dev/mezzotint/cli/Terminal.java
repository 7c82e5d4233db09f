package dev.mezzotint.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.Mezzotint;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.StoredModels;
import dev.mezzotint.network.Device;
import dev.mezzotint.storage.ObjectTransfer;
import dev.mezzotint.torch.TorchDevice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;

/** Runs commands in this process and captures their output. */
public final class Terminal {
  static final String GOLDEN = "src/test/resources/golden/";
  public static final String DEFAULTS = GOLDEN + "iadb_defaults";
  static final String IO = DEFAULTS + "/io.safetensors";

  private final Path folder;
  private String said = "";
  private String printed = "";

  static final CommandContext CONTEXT =
      new CommandContext() {
        @Override
        public Runnable onShutdown(Runnable toEnd) {
          return () -> {};
        }

        @Override
        public Device device(String name) {
          return TorchDevice.open(name.isEmpty() ? "cpu" : name, 1);
        }

        @Override
        public ModelFiles model(String reference) {
          return ModelFolder.open(reference, Path.of("models"));
        }

        @Override
        public Path bundledModels() {
          return Path.of("models");
        }

        @Override
        public <T> T inStore(Function<StoredModels, T> work) {
          throw new InvalidInputException("", "no worker runs here");
        }

        @Override
        public JobClient client() {
          throw new InvalidInputException("", "no worker runs here");
        }

        @Override
        public ObjectTransfer objects() {
          throw new InvalidInputException("", "no worker runs here");
        }
      };

  /** Arguments are split at spaces; {@code @/} begins in the test's folder. */
  int run(String line) {
    return run(CONTEXT, line);
  }

  public int run(CommandContext context, String line) {
    return run(context, line.replace("@/", folder + "/").split(" ", -1));
  }

  int run(CommandContext context, String... args) {
    TorchDevice.open("cpu", 1); // prints its greeting before the output is captured
    PrintStream err = System.err;
    PrintStream out = System.out;
    ByteArrayOutputStream onErr = new ByteArrayOutputStream();
    ByteArrayOutputStream onOut = new ByteArrayOutputStream();
    System.setErr(new PrintStream(onErr, true, StandardCharsets.UTF_8));
    System.setOut(new PrintStream(onOut, true, StandardCharsets.UTF_8));
    try {
      return Mezzotint.run(context, args);
    } finally {
      System.setErr(err);
      System.setOut(out);
      said = onErr.toString(StandardCharsets.UTF_8);
      printed = onOut.toString(StandardCharsets.UTF_8);
    }
  }

  /**
   * @param folder replaces {@code @} in arguments
   */
  public Terminal(Path folder) {
    this.folder = folder;
  }

  /** Standard error of the last command. */
  public String stderr() {
    return said;
  }

  /** Standard output of the last command. */
  public String stdout() {
    return printed;
  }

  public void succeeds(String line) {
    assertThat(run(line)).as("%s: %s", line, said).isZero();
  }

  public void refuses(String line, String... words) {
    refuses(CONTEXT, line, words);
  }

  public void refuses(CommandContext context, String line, String... words) {
    assertThat(run(context, line)).as("%s: %s", line, said).isEqualTo(2);
    assertThat(said.lines()).as(said).hasSize(1);
    assertThat(said).contains(words).doesNotContain("Exception");
  }

  static String generate(String more) {
    return "generate --model " + DEFAULTS + " --steps 2 --sampler ab2 " + more;
  }

  static void writeImages(Path to) throws IOException {
    Files.createDirectories(to);
    for (int i = 0; i < 20; i++) {
      float[] chw = new float[3 * 64];
      Arrays.fill(chw, -0.9f + 0.09f * i);
      Files.write(
          to.resolve("flat-%02d.png".formatted(i)), Png.encode(Pixels.fromChw(chw, 0, 3, 8, 8)));
    }
  }
}
