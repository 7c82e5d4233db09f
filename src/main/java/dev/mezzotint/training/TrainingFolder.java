package dev.mezzotint.training;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import dev.mezzotint.plot.LineChart;
import dev.mezzotint.plot.ScatterPlot;
import dev.mezzotint.storage.FileDigest;
import dev.mezzotint.storage.Sha256;
import dev.mezzotint.training.checkpoint.Checkpoint;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The working folder of a training in this process: recipe, checkpoint, log and sample grids. Used
 * by one thread.
 *
 * <p>{@code training/recipe.json}, {@code training/data.json}, {@code
 * training/checkpoint.safetensors}, {@code training/log.csv} (one line per step: iteration, loss,
 * gradient norm), {@code training/samples-NNNNNNN.png}.
 */
final class TrainingFolder {
  private static final System.Logger LOG = System.getLogger(TrainingFolder.class.getName());
  private static final String RECIPE = "recipe.json";
  private static final String DATA = "data.json";
  private static final int PREVIEWS = 16;

  /** Rows of the grid of a model with conditions. */
  private static final int EXAMPLES = 8;

  /** Generated images in each of these rows. */
  private static final int GENERATIONS = 2;

  private static final int POINTS = 1000;

  /** Steps of the running average in the loss chart. */
  private static final double LOSS_WINDOW = 30;

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
   * The file of x1 of the reflow pairs. Its name depends on everything that the pairs depend on, so
   * that pairs of another recipe or model are never used; their files are removed.
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
      throw new UncheckedIOException("reflow pairs of another recipe cannot be removed", e);
    }
    return folder.resolve(name);
  }

  Path log() {
    return folder.resolve("log.csv");
  }

  /**
   * Creates the folder for a new training.
   *
   * @throws InvalidInputException if it contains a training or a model
   */
  void create() {
    if (Files.exists(checkpoint())) {
      throw new InvalidInputException(
          "--out",
          folder + " already contains a training run: use --resume or choose another directory");
    }
    if (Files.exists(folder.resolveSibling("config.json"))) {
      throw new InvalidInputException(
          "--out", folder.getParent() + " already contains a model: choose another directory");
    }
    ModelFolder.writeFile(folder.resolve(RECIPE), JsonText.writePretty(recipe.toMap()));
    ModelFolder.writeFile(folder.resolve(DATA), JsonText.write(Map.of("images", pairs.size())));
    ModelFolder.writeFile(log(), HEADER.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Checks that a training to be resumed has the recipe of its beginning, and warns of another
   * number of images. Folders of earlier versions do not have both files.
   *
   * @throws InvalidInputException naming the keys that differ
   */
  void checkUnchanged() {
    Path written = folder.resolve(RECIPE);
    if (Files.exists(written) && !Checkpoint.isOf(checkpoint(), recipe)) {
      List<String> keys =
          Checkpoint.differences(recipe, SmallFile.readJson(written, JsonObject::toMap));
      throw new InvalidInputException(
          "--resume",
          "the training in "
              + folder
              + " began with another recipe and cannot be resumed; keys that differ: "
              + String.join(", ", keys));
    }
    Path data = folder.resolve(DATA);
    if (Files.exists(data)) {
      long before = SmallFile.readJson(data, json -> json.integer("images", 0, Long.MAX_VALUE, 0));
      if (before != pairs.size()) {
        LOG.log(
            Level.WARNING,
            "the training began with {0,number,#} images and continues with {1,number,#}: its"
                + " result is not that of an uninterrupted one",
            before,
            pairs.size());
      }
    }
  }

  /** Removes log lines of steps after the checkpoint. */
  void resumeAt(long iteration) {
    StringBuilder kept = new StringBuilder(HEADER);
    for (LogLine line : readLog()) {
      if (line.iteration() <= iteration) {
        kept.append(line.csv());
      }
    }
    ModelFolder.writeFile(log(), kept.toString().getBytes(StandardCharsets.UTF_8));
  }

  record LogLine(long iteration, double loss, double gradientNorm) {
    String csv() {
      return iteration + "," + (float) loss + "," + (float) gradientNorm + "\n";
    }
  }

  /** Appends a line. Lines after the last checkpoint may reach the disk; resuming removes them. */
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

  /** All lines on disk, without a last one that a crash has truncated. */
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
      return Optional.empty(); // the header, or a truncated line
    }
  }

  /** A PNG of the loss of every step and its running average, on a logarithmic axis. */
  byte[] lossChart(List<LogLine> lines) {
    double[] steps = lines.stream().mapToDouble(LogLine::iteration).toArray();
    double[] loss = lines.stream().mapToDouble(LogLine::loss).toArray();
    String title = recipe.name() + ": training loss";
    return Png.encode(LineChart.loss(title, steps, loss, LOSS_WINDOW).draw(900, 420));
  }

  /** Mean loss of the last hundred steps; 0 if there are none. */
  static double lastLoss(List<LogLine> lines) {
    return lines.stream()
        .skip(Math.max(0, lines.size() - 100))
        .mapToDouble(LogLine::loss)
        .average()
        .orElse(0);
  }

  /** Writes images that the averaged weights generate from fixed x0, with AB2 in 24 steps. */
  Path sample(Device device, NetworkProgram program, Map<String, Tensor> ema, long iteration) {
    Path file = folder.resolve(String.format(Locale.ROOT, "samples-%07d.png", iteration));
    ModelFolder.writeFile(file, preview(device, program, ema));
    return file;
  }

  /**
   * A PNG of generated samples: sixteen images, rows of conditions, reference and generated images,
   * or a thousand points and where they end.
   */
  byte[] preview(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    return recipe.densities().isPresent()
        ? scatterPlot(device, program, ema)
        : imageGrid(device, program, ema);
  }

  private byte[] imageGrid(Device device, NetworkProgram program, Map<String, Tensor> ema) {
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
    float[] x1 = sample(device, program, ema, new SampleInput(x0, condition, size, classes));
    List<Pixels> generated = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      generated.add(Pixels.fromChw(x1, i * values, channels, size, size));
    }
    return Png.encode(examples.isEmpty() ? Grid.of(generated, 8, 2) : rows(examples, generated));
  }

  /** Each row: conditions, reference, generated images. */
  private static Pixels rows(List<Pairs.Example> examples, List<Pixels> generated) {
    List<Pixels> cells = new ArrayList<>();
    for (int row = 0; row < examples.size(); row++) {
      cells.addAll(examples.get(row).images());
      for (int k = 0; k < GENERATIONS; k++) {
        cells.add(generated.get(row * GENERATIONS + k).withChannels(3));
      }
    }
    return Grid.of(cells, cells.size() / examples.size(), /* padding= */ 2);
  }

  private byte[] scatterPlot(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    float[] x0 = new float[2 * POINTS];
    for (int i = 0; i < POINTS; i++) {
      pairs.readX0(i, x0, 2 * i);
    }
    SampleInput input = new SampleInput(x0, new float[0], 1, new long[POINTS]);
    float[] x1 = sample(device, program, ema, input);
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

  /** Inputs of sampling, for size×size pixels. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record SampleInput(float[] x0, float[] condition, int size, long[] classes) {}

  private static float[] sample(
      Device device, NetworkProgram program, Map<String, Tensor> ema, SampleInput input) {
    try (SamplingNetwork network = device.load(program, ema)) {
      return UniformSampling.sample(
          network,
          Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(PREVIEW_STEPS)),
          Optional.empty(),
          input.x0,
          input.condition,
          input.size,
          input.size,
          input.classes);
    }
  }

  /** Writes the names of files that could not be read; nothing if there are none. */
  void writeBrokenFiles(List<String> files) {
    if (!files.isEmpty()) {
      ModelFolder.writeFile(
          folder.resolve("broken.txt"),
          (String.join("\n", files) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
