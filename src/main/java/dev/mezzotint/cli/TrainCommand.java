package dev.mezzotint.cli;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import dev.mezzotint.iadb.Density;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
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

/** {@code train}: the trainer in this process, from a recipe and a data set to a model folder. */
@Command(
    name = "train",
    description = "Train a model from a recipe and a data set, in this process.",
    footer = {
      "",
      "Examples:",
      "  train recipes/triangle-square-2d.json --out my-first-model",
      "  train recipes/pictures-32.json --data my-pictures --out my-model"
    })
public final class TrainCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "RECIPE.json", description = "What and how to train.")
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
      description = "Becomes the model's folder.")
  private Path out = Path.of("");

  @Option(
      names = "--cache",
      paramLabel = "MIB",
      description =
          "Memory for decoded pictures; a larger set is decoded again at each use; default 512.")
  private @Nullable Integer cache;

  @Option(names = "--resume", description = "Go on where the folder's checkpoint stands.")
  private boolean resume;

  @Option(
      names = "--device",
      defaultValue = "",
      description = "cpu, cuda or cuda:N; default as configured, cpu if nothing is.")
  private String device = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public TrainCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Recipe read = Recipe.parse(JsonObject.parse(SmallFile.read(recipe)));
    OutputPaths.folder("--out", out);
    if (read.densities().isPresent()) {
      return densities(read, read.densities().get());
    }
    Path path = data(read);
    try (TrainingData pictures = TrainingData.open(path, read, cacheBytes())) {
      return train(read, pictures.pairs(), pictures.summary());
    }
  }

  private OptionalLong cacheBytes() {
    if (cache == null) {
      return OptionalLong.empty();
    }
    if (cache < 0) {
      throw new InvalidInputException("--cache", "--cache is " + cache + ", must be 0 or more");
    }
    return OptionalLong.of((long) cache << 20);
  }

  private int densities(Recipe read, Recipe.Densities words)
      throws IOException, InterruptedException {
    Pairs pairs = Pairs.of(read, density(read, words.p0()), density(read, words.p1()));
    int code = train(read, pairs, List.of(words.p0() + " to " + words.p1()));
    if (words.p0().startsWith(Recipe.Densities.IMAGE)) { // what sampling is to begin from
      Files.copy(image(read, words.p0()), out.resolve("p0.png"), REPLACE_EXISTING);
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
      throw new InvalidInputException(
          "--data", "--data is missing: recipe " + read.name() + " needs pictures");
    }
    return data;
  }

  private int train(Recipe read, Pairs pairs, List<String> opening) throws InterruptedException {
    AtomicBoolean stopping = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    Runnable forget = surroundings.onShutdown(() -> stop(stopping, ended));
    try {
      long done;
      ProgressLine.Last last;
      try (ProgressLine line =
          new ProgressLine("training", read.iterations(), read.batchSize(), opening)) {
        ModelFiles from = read.from().map(surroundings::model).orElse(null);
        Training training = new Training(read, pairs, from, surroundings.device(device), out);
        done = training.run(resume, stopping::get, line);
        last = line.last();
      }
      tell(read, done, pairs.brokenFiles().size(), last);
      return 0;
    } finally {
      ended.countDown();
      forget.run();
    }
  }

  private void tell(Recipe read, long done, int broken, ProgressLine.Last last) {
    boolean whole = done >= read.iterations();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("model", read.name());
    facts.put("out", out.toString());
    facts.put("steps", done);
    facts.put("iterations", read.iterations());
    facts.put("finished", whole);
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
        whole
            ? "trained " + done + " steps: " + out
            : "stopped after step " + done + "; go on with --resume");
    json.tell(String.join(System.lineSeparator(), lines), facts);
  }

  /** SIGTERM and Ctrl-C: the step in hand ends and a checkpoint is written before the JVM goes. */
  private static void stop(AtomicBoolean stopping, CountDownLatch ended) {
    stopping.set(true);
    try {
      ended.await(25, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
