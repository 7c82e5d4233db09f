package dev.mezzotint.training;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.plot.ScatterPlot;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The folder that a training in this process works in: checkpoint, log and sample grids while it
 * runs. Used by one thread.
 *
 * <p>{@code training/recipe.json}, {@code training/checkpoint.safetensors}, {@code
 * training/log.csv} (one line per step: iteration, loss, gradient norm), {@code
 * training/samples-NNNNNNN.png}.
 */
final class TrainingFolder {
  private static final int PREVIEWS = 16;

  /** Of a model with conditions: rows of the grid, and pictures for each. */
  private static final int EXAMPLES = 8;

  private static final int GENERATIONS = 2;
  private static final int POINTS = 1000;
  private static final int PREVIEW_STEPS = 24;
  private static final int LOG_CHARS_MAX = 1 << 16;
  private static final String HEADER = "iteration,loss,gradient_norm\n";

  private final Path folder;
  private final Recipe recipe;
  private final Pairs pairs;
  private final StringBuilder unwritten = new StringBuilder();

  TrainingFolder(Path out, Recipe recipe, Pairs pairs) {
    this.folder = out.resolve("training");
    this.recipe = recipe;
    this.pairs = pairs;
  }

  Path checkpoint() {
    return folder.resolve("checkpoint.safetensors");
  }

  /**
   * Ends of the pairs that a recipe's {@code reflow} asks for, named after all that they depend on:
   * pairs of another recipe or model are not taken for these, and are removed.
   */
  Path reflowFile(ModelFiles from) {
    Map<String, Object> map = recipe.toMap();
    map.keySet().retainAll(List.of("reflow", "seed", "dataset", "p0", "p1"));
    map.put("from", FileDigest.of(from.weights()).sha256());
    map.put("pictures", pairs.size());
    map.put("classes", pairs.classes());
    String name = "reflow-" + Sha256.sha256(JsonText.write(map)).substring(0, 12) + ".f32";
    try (DirectoryStream<Path> others = Files.newDirectoryStream(folder, "reflow-*.f32")) {
      for (Path other : others) {
        if (!other.endsWith(name)) {
          Files.delete(other);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("pairs of another recipe cannot be removed: " + e, e);
    }
    return folder.resolve(name);
  }

  Path log() {
    return folder.resolve("log.csv");
  }

  /** Starts a fresh folder; refuses to write over a training that stands there. */
  void begin() {
    if (Files.exists(checkpoint())) {
      throw new InvalidInputException(
          "--out",
          "a training stands in " + folder + ": continue it with --resume or choose another");
    }
    if (Files.exists(folder.resolveSibling("config.json"))) {
      throw new InvalidInputException(
          "--out", "a model stands in " + folder.getParent() + ": choose another folder");
    }
    write(folder.resolve("recipe.json"), JsonText.writePretty(recipe.toMap()));
    write(log(), HEADER.getBytes(StandardCharsets.UTF_8));
  }

  /** Cuts the log back to the steps that the checkpoint has seen. */
  void resumeAt(long iteration) {
    StringBuilder kept = new StringBuilder(HEADER);
    for (LogLine line : readLog()) {
      if (line.iteration() <= iteration) {
        kept.append(line.csv());
      }
    }
    write(log(), kept.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** One line of the log. */
  record LogLine(long iteration, double loss, double gradientNorm) {
    String csv() {
      return iteration + "," + (float) loss + "," + (float) gradientNorm + "\n";
    }
  }

  /** Lines beyond the last checkpoint may reach the disk: resuming cuts them off again. */
  void log(LogLine line) {
    unwritten.append(line.csv());
    if (unwritten.length() > LOG_CHARS_MAX) {
      flushLog();
    }
  }

  void flushLog() {
    try {
      Files.writeString(log(), unwritten, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    unwritten.setLength(0);
  }

  /** All lines on disk; a line that was cut off by a crash is left out. */
  List<LogLine> readLog() {
    List<LogLine> lines = new ArrayList<>();
    try {
      if (Files.exists(log())) {
        for (String line : Files.readAllLines(log())) {
          parse(line).ifPresent(lines::add);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  private static Optional<LogLine> parse(String line) {
    String[] parts = line.split(",", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new LogLine(
              Long.parseLong(parts[0]),
              Double.parseDouble(parts[1]),
              Double.parseDouble(parts[2])));
    } catch (NumberFormatException e) {
      return Optional.empty(); // the header, or a line that was cut off
    }
  }

  /** What the averaged weights make of fixed starting points, AB2 at 24 steps. */
  Path sample(Device device, NetworkProgram program, Map<String, Tensor> ema, long iteration) {
    Path file = folder.resolve("samples-%07d.png".formatted(iteration));
    write(file, preview(device, program, ema));
    return file;
  }

  /**
   * Sixteen pictures, conditions with references and pictures, or a thousand points before and
   * after.
   */
  byte[] preview(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    return recipe.densities().isPresent()
        ? plane(device, program, ema)
        : grid(device, program, ema);
  }

  private byte[] grid(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    List<Pairs.Example> examples = pairs.examples(EXAMPLES);
    int count = examples.isEmpty() ? PREVIEWS : GENERATIONS * examples.size();
    int size = recipe.data().size();
    int channels = program.channels();
    int values = channels * size * size;
    int conditionValues = pairs.conditionChannels() * size * size;
    float[] x0 = new float[count * values];
    float[] condition = new float[count * conditionValues];
    long[] classes = new long[count];
    int labels = recipe.network().numClassEmbeds().orElse(1);
    for (int i = 0; i < count; i++) {
      pairs.readX0(i, x0, i * values);
      classes[i] = i % labels;
      if (!examples.isEmpty()) {
        Pairs.Example example = examples.get(i / GENERATIONS);
        System.arraycopy(example.condition(), 0, condition, i * conditionValues, conditionValues);
        classes[i] = example.label();
      }
    }
    float[] x1 = sampled(device, program, ema, new Start(x0, condition, size, classes));
    List<Pixels> generated = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      generated.add(Pixels.fromChw(x1, i * values, channels, size, size));
    }
    return Png.encode(examples.isEmpty() ? Grid.of(generated, 8, 2) : beside(examples, generated));
  }

  /** Row by row: conditions, reference, generations. */
  private static Pixels beside(List<Pairs.Example> examples, List<Pixels> generated) {
    List<Pixels> cells = new ArrayList<>();
    for (int row = 0; row < examples.size(); row++) {
      cells.addAll(examples.get(row).images());
      for (int k = 0; k < GENERATIONS; k++) {
        cells.add(generated.get(row * GENERATIONS + k).withChannels(3));
      }
    }
    return Grid.of(cells, cells.size() / examples.size(), /* padding= */ 2);
  }

  private byte[] plane(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    float[] x0 = new float[2 * POINTS];
    for (int i = 0; i < POINTS; i++) {
      pairs.readX0(i, x0, 2 * i);
    }
    Start start = new Start(x0, new float[0], 1, new long[POINTS]);
    float[] x1 = sampled(device, program, ema, start);
    return Png.encode(
        new ScatterPlot(360, 1.5)
            .points(points(x0), ScatterPlot.GREY, 1)
            .points(points(x1), ScatterPlot.ORANGE, 1.5)
            .draw());
  }

  private static double[][] points(float[] values) {
    double[][] points = new double[values.length / 2][2];
    for (int i = 0; i < values.length; i++) {
      points[i / 2][i % 2] = values[i];
    }
    return points;
  }

  /** What sampling begins from, of size×size pixels. */
  @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
  private record Start(float[] x0, float[] condition, int size, long[] classes) {}

  private static float[] sampled(
      Device device, NetworkProgram program, Map<String, Tensor> ema, Start start) {
    try (SamplingNetwork network = device.load(program, ema)) {
      return UniformSampling.sample(
          network,
          Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(PREVIEW_STEPS)),
          Optional.empty(),
          start.x0,
          start.condition,
          start.size,
          start.size,
          start.classes);
    }
  }

  /** Names the files that could not be read; nothing where there are none. */
  void writeBrokenFiles(List<String> files) {
    if (!files.isEmpty()) {
      write(
          folder.resolve("broken.txt"),
          (String.join("\n", files) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The file appears whole or stays as it was. */
  static void write(Path file, byte[] bytes) {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.createDirectories(file.getParent());
      Files.write(part, bytes);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
