package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.training.Pairs;
import dev.mezzotint.training.Training;
import dev.mezzotint.training.TrainingData;
import dev.mezzotint.training.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code train}: trains a model from a recipe and a data set in this process. */
@Command(
    name = "train",
    description = "Train a model from a recipe and a data set, in this process.",
    footer = {
      "",
      "Examples:",
      "  train recipes/triangle-square-2d.json --out my-first-model",
      "  train recipes/images-32.json --data my-images --out my-model"
    })
public final class TrainCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "RECIPE.json", description = "The recipe.")
  private Path recipe = Path.of("");

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description =
          "Folder or zip of PNG, JPEG, WebP or IDX files; not for densities of the plane.")
  private @Nullable Path data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The new model's folder.")
  private Path out = Path.of("");

  @Option(
      names = "--cache",
      paramLabel = "MIB",
      description = "Memory for decoded images; a larger set is decoded at each use; default 512.")
  private @Nullable Integer cache;

  @Option(names = "--resume", description = "Continue from the folder's checkpoint.")
  private boolean resume;

  @Option(
      names = "--device",
      defaultValue = "",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N; default as configured, else cpu.")
  private String device = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public TrainCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Recipe read = SmallFile.readJson(recipe, Recipe::parse);
    OutputPaths.folder("--out", out);
    if (read.densities().isPresent()) {
      return trainOnDensities(read, read.densities().get());
    }
    Path path = data(read);
    try (TrainingData images = TrainingData.open(path, read, cacheBytes())) {
      return train(read, images.pairs(), images.summary());
    }
  }

  private OptionalLong cacheBytes() {
    if (cache == null) {
      return OptionalLong.empty();
    }
    refuseIf(cache < 0, "--cache", "is %s, must be 0 or more", cache);
    return OptionalLong.of((long) cache << 20);
  }

  private int trainOnDensities(Recipe read, Recipe.Densities densities)
      throws IOException, InterruptedException {
    Pairs pairs = Pairs.of(read, density(read, densities.p0()), density(read, densities.p1()));
    int code = train(read, pairs, List.of(densities.p0() + " to " + densities.p1()));
    if (densities.p0().startsWith(Recipe.Densities.IMAGE)) { // where sampling starts
      Files.copy(image(read, densities.p0()), out.resolve("p0.png"), REPLACE_EXISTING);
    }
    return code;
  }

  private Density density(Recipe read, String word) {
    return word.startsWith(Recipe.Densities.IMAGE)
        ? GreyImage.read(image(read, word))
        : Density.parse(word);
  }

  private Path image(Recipe read, String word) {
    return data(read).resolve(word.substring(Recipe.Densities.IMAGE.length()));
  }

  private Path data(Recipe read) {
    if (data == null) {
      throw InvalidInputException.of("--data", "is missing: recipe %s needs images", read.name());
    }
    return data;
  }

  private int train(Recipe read, Pairs pairs, List<String> summary) throws InterruptedException {
    AtomicBoolean stopping = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    Runnable unregister = context.onShutdown(() -> stop(stopping, ended));
    try {
      long done;
      ProgressLine.Last last;
      try (ProgressLine line =
          new ProgressLine("training", read.iterations(), read.batchSize(), summary)) {
        ModelFiles from = read.from().map(context::model).orElse(null);
        Training training = new Training(read, pairs, from, context.device(device), out);
        done = training.run(resume, stopping::get, line);
        last = line.last();
      }
      report(read, done, pairs.brokenFiles().size(), last);
      return 0;
    } finally {
      ended.countDown();
      unregister.run();
    }
  }

  private void report(Recipe read, long done, int broken, ProgressLine.Last last) {
    boolean finished = done >= read.iterations();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", read.name());
    facts.put("out", out.toString());
    facts.put("steps", done);
    facts.put("iterations", read.iterations());
    facts.put("finished", finished);
    facts.put("broken", broken);
    last.loss().ifPresent(loss -> facts.put("loss", loss));
    last.inputWait().ifPresent(share -> facts.put("inputWait", share));
    List<String> lines = new ArrayList<>();
    last.inputWait()
        .ifPresent(
            share ->
                lines.add(
                    String.format(
                        Locale.ROOT, "input wait %.1f %% of the steps' time", 100 * share)));
    if (broken > 0) {
      lines.add(broken + " broken files left out, named in training/broken.txt");
    }
    lines.add(
        finished
            ? "trained " + done + " steps: " + out
            : "stopped after step " + done + "; continue with --resume");
    json.status(String.join(System.lineSeparator(), lines), facts);
  }

  /** SIGTERM and Ctrl-C: the current step ends and a checkpoint is written before the JVM exits. */
  private static void stop(AtomicBoolean stopping, CountDownLatch ended) {
    stopping.set(true);
    try {
      ended.await(25, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
