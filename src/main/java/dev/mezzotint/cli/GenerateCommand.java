package dev.mezzotint.cli;

import dev.mezzotint.generation.LoopSettings;
import dev.mezzotint.generation.ModelInfo;
import dev.mezzotint.generation.ModelLibrary;
import dev.mezzotint.generation.Sampling;
import dev.mezzotint.generation.SamplingJob;
import dev.mezzotint.generation.StepLoop;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.Grid;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.SafeTensors;
import dev.mezzotint.model.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: the worker's step loop in this process, without broker or store. */
@Command(
    name = "generate",
    description = "Generate pictures in this process: 00000.png..., grid.png, samples.safetensors.",
    footer = {
      "",
      "Examples:",
      "  generate --model avatars-32 --count 16 --seed 7 --out pictures",
      "  generate --model my-unet --x0 noise.safetensors:x --steps 8 --sampler euler --out y"
    })
final class GenerateCommand implements Callable<Integer> {
  private static final int COUNT_MAX = 100_000;
  private static final int VALUES_MAX = 1 << 29; // 2 GiB of float32, the largest tensor written

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(names = "--count", paramLabel = "N", description = "How many; default 1, or as in --x0.")
  private @Nullable Integer count;

  @Option(names = "--seed", paramLabel = "S", description = "Of the noise; default 0.")
  private long seed;

  @Option(names = "--steps", paramLabel = "T", description = "Intervals of alpha, 1 to 1000.")
  private @Nullable Integer steps;

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      description = "euler, midpoint, heun, rk4, ab2 or ab3; default as on the model's card.")
  private @Nullable String sampler;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      defaultValue = "uniform",
      description = "uniform or cosine; default ${DEFAULT-VALUE}.")
  private String schedule = "uniform";

  @Option(
      names = "--x0",
      paramLabel = "FILE[:KEY]",
      description = "Start from this noise, N x C x H x W, instead of --seed.")
  private @Nullable String x0;

  @Option(
      names = "--condition",
      paramLabel = "FILE[:KEY]",
      description = "What the network sees beside x, N x K x H x W, for models that take it.")
  private @Nullable String condition;

  @Option(names = "--class", paramLabel = "K", description = "Class label of all pictures.")
  private @Nullable Integer classLabel;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where to write.")
  private Path out = Path.of("");

  private final Surroundings surroundings;

  GenerateCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    Optional<Tensor> noise = Optional.ofNullable(x0).map(t -> TensorFile.read("--x0", t, 4));
    ModelFiles files = surroundings.model(model.reference);
    ModelLibrary library = new ModelLibrary(surroundings.device(model.device), ref -> files);
    ModelInfo info =
        noise.isPresent()
            ? library.find("", (int) noise.get().shape()[2], (int) noise.get().shape()[3])
            : library.find("");
    List<SamplingJob.Row> rows = rows(info, noise);
    Solver solver = sampler == null ? info.sampler() : solver(sampler);
    int intervals = steps == null ? info.steps() : checked("--steps", steps, 1, 1000);
    List<Stage> stages = solver.stages(schedule().alphas(intervals));
    SamplingJob job =
        new SamplingJob(
            "generate", info, rows, stages, label(info), Priority.NORMAL, "", Optional.empty());
    Destination.folder("--out", out);
    write(info, sample(library, job));
    return 0;
  }

  private List<SamplingJob.Row> rows(ModelInfo info, Optional<Tensor> noise) {
    int n = count == null ? 1 : checked("--count", count, 1, COUNT_MAX);
    if (noise.isPresent()) {
      long[] shape = noise.get().shape();
      if (shape[1] != info.channels()) {
        throw new InvalidInputException(
            "--x0", "--x0 has " + shape[1] + " channels, the model makes " + info.channels());
      }
      if (count != null && count != shape[0]) {
        throw new InvalidInputException(
            "--count", "--count is " + count + ", but --x0 has " + shape[0] + " rows");
      }
      n = checked("--x0 rows", shape[0], 1, COUNT_MAX);
    }
    checkSize(info, n);
    float[] conditions = conditions(info, n);
    float[] starts = noise.map(Tensor::toFloats).orElse(new float[0]);
    int pixels = info.height() * info.width();
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] own = part(conditions, i, info.conditionChannels() * pixels);
      SamplingJob.X0 start =
          noise.isPresent()
              ? new SamplingJob.X0.Given(part(starts, i, info.channels() * pixels))
              : new SamplingJob.X0.Seeded(seed, i);
      rows.add(new SamplingJob.Row(i, start, own));
    }
    return rows;
  }

  /** All pictures stand in memory at the end, and in one tensor. */
  private static void checkSize(ModelInfo info, int n) {
    long widest = Math.max(info.channels(), info.conditionChannels());
    if (n * widest * info.height() * info.width() > VALUES_MAX) {
      throw new InvalidInputException(
          "--count",
          "--count: %d pictures of %dx%d are too many for one tensor: ask for fewer"
              .formatted(n, info.width(), info.height()));
    }
  }

  private static float[] part(float[] all, int i, int length) {
    return Arrays.copyOfRange(all, i * length, (i + 1) * length);
  }

  private float[] conditions(ModelInfo info, int n) {
    String given = condition;
    if (given == null) {
      if (info.conditionChannels() > 0) {
        throw new InvalidInputException(
            "--condition",
            "--condition is needed: the model takes " + info.conditionChannels() + " channels");
      }
      return new float[0];
    }
    Tensor tensor = TensorFile.read("--condition", given, 4);
    long[] wanted = {n, info.conditionChannels(), info.height(), info.width()};
    if (info.conditionChannels() == 0 || !Arrays.equals(tensor.shape(), wanted)) {
      throw new InvalidInputException(
          "--condition",
          "--condition is "
              + Arrays.toString(tensor.shape())
              + ", the model takes "
              + Arrays.toString(wanted));
    }
    return tensor.toFloats();
  }

  private OptionalInt label(ModelInfo info) {
    if (info.classes().isEmpty()) {
      if (classLabel != null) {
        throw new InvalidInputException("--class", "--class: the model has no classes");
      }
      return OptionalInt.empty();
    }
    if (classLabel == null) {
      throw new InvalidInputException(
          "--class",
          "--class is needed: the model takes classes from 0 to "
              + (info.classes().getAsInt() - 1));
    }
    return OptionalInt.of(checked("--class", classLabel, 0, info.classes().getAsInt() - 1));
  }

  private static int checked(String option, long value, int min, int max) {
    if (value < min || value > max) {
      throw new InvalidInputException(
          option, option + " must be from " + min + " to " + max + ", not " + value);
    }
    return (int) value;
  }

  private static Solver solver(String word) {
    try {
      return Solver.parse(word);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--sampler", "--sampler: " + e.getMessage(), e);
    }
  }

  private AlphaSchedule schedule() {
    try {
      return AlphaSchedule.parse(schedule);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--schedule", "--schedule: " + e.getMessage(), e);
    }
  }

  /** All rows' pictures in their order, C×H×W each. */
  private static float[][] sample(ModelLibrary library, SamplingJob job) {
    float[][] pictures = new float[job.rows().size()][];
    CompletableFuture<Void> over = new CompletableFuture<>();
    PassProgress progress = new PassProgress((long) pictures.length * job.stages().size());
    try (StepLoop loop = new StepLoop(library, LoopSettings.of(LoopSettings.PASS_DEFAULT))) {
      loop.submit(
          job,
          new Sampling.RowListener() {
            private int finished;

            @Override
            public void advanced(int stages) {
              progress.advanced(stages);
            }

            @Override
            public void finished(int row, float[] chw) {
              pictures[row] = chw;
              if (++finished == pictures.length) {
                over.complete(null);
              }
            }

            @Override
            public void failed(RuntimeException cause) {
              over.completeExceptionally(cause);
            }
          });
      over.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } finally {
      progress.close();
    }
    return pictures;
  }

  private void write(ModelInfo info, float[][] pictures) throws IOException {
    int values = info.channels() * info.height() * info.width();
    float[] samples = new float[pictures.length * values];
    List<Pixels> grid = new ArrayList<>();
    for (int i = 0; i < pictures.length; i++) {
      System.arraycopy(pictures[i], 0, samples, i * values, values);
      if (info.channels() == 1 || info.channels() == 3) {
        Pixels pixels =
            Pixels.fromChw(pictures[i], 0, info.channels(), info.height(), info.width());
        Files.write(out.resolve("%05d.png".formatted(i)), Png.encode(pixels));
        grid.add(pixels);
      }
    }
    if (!grid.isEmpty()) {
      Files.write(out.resolve("grid.png"), Png.encode(Grid.square(grid)));
    }
    SafeTensors.write(
        out.resolve("samples.safetensors"),
        Map.of(
            "samples",
            Tensor.ofFloats(
                samples, pictures.length, info.channels(), info.height(), info.width())),
        Map.of());
    System.err.println(pictures.length + " pictures: " + out);
  }
}
