package dev.mezzotint.training;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Plane;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformSampling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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

  /** Sixteen pictures, or a thousand points before and after. */
  byte[] preview(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    return recipe.densities().isPresent()
        ? plane(device, program, ema)
        : grid(device, program, ema);
  }

  private byte[] grid(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    int size = recipe.data().size();
    int channels = program.channels();
    int values = channels * size * size;
    float[] x0 = new float[PREVIEWS * values];
    long[] classes = new long[PREVIEWS];
    int labels = recipe.network().numClassEmbeds().orElse(1);
    float[] ignored = new float[x0.length];
    for (int i = 0; i < PREVIEWS; i++) {
      if (recipe.data().p0Split().isPresent()) {
        pairs.read(i, x0, ignored, i * values);
      } else {
        Noise.gaussian(recipe.seed(), i, x0, i * values, values);
      }
      classes[i] = i % labels;
    }
    float[] x1 = sampled(device, program, ema, x0, size, classes);
    List<Pixels> pictures = new ArrayList<>();
    for (int i = 0; i < PREVIEWS; i++) {
      pictures.add(Pixels.fromChw(x1, i * values, channels, size, size));
    }
    return Png.encode(Grid.of(pictures, /* columns= */ 8, /* padding= */ 2));
  }

  private byte[] plane(Device device, NetworkProgram program, Map<String, Tensor> ema) {
    float[] x0 = new float[2 * POINTS];
    float[] ignored = new float[2 * POINTS];
    for (int i = 0; i < POINTS; i++) {
      pairs.read(i, x0, ignored, 2 * i);
    }
    float[] x1 = sampled(device, program, ema, x0, 1, new long[POINTS]);
    return Png.encode(
        new Plane(360, 1.5)
            .points(points(x0), Plane.GREY, 1)
            .points(points(x1), Plane.ORANGE, 1.5)
            .draw());
  }

  private static double[][] points(float[] values) {
    double[][] points = new double[values.length / 2][2];
    for (int i = 0; i < values.length; i++) {
      points[i / 2][i % 2] = values[i];
    }
    return points;
  }

  private static float[] sampled(
      Device device,
      NetworkProgram program,
      Map<String, Tensor> ema,
      float[] x0,
      int size,
      long[] classes) {
    try (SamplingNetwork network = device.load(program, ema)) {
      return UniformSampling.sample(
          network,
          Solver.AB2.stages(AlphaSchedule.UNIFORM.alphas(PREVIEW_STEPS)),
          x0,
          size,
          size,
          classes);
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
