package dev.mezzotint.cli;

import dev.mezzotint.generation.ModelLibrary;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.StepPlacement;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.study.StepTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tune-schedule}: places a model's steps and writes them on its card. */
@Command(
    name = "tune-schedule",
    description = "Place a model's few steps where they matter, and note them on its card.",
    footer = {
      "",
      "Example:",
      "  tune-schedule --model avatars-32 --steps 8,12,16,24,32",
      "  generate --model avatars-32 --steps 12 --schedule tuned --out pictures"
    })
final class TuneScheduleCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--steps",
      split = ",",
      paramLabel = "T",
      defaultValue = "8,12,16,24,32",
      description = "For which numbers of steps; default ${DEFAULT-VALUE}.")
  private int[] steps = {};

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      defaultValue = "ab2",
      description = "euler or ab2; default ${DEFAULT-VALUE}.")
  private String sampler = "ab2";

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "For a model with a condition: held-out pairs, as for evaluate.")
  private @Nullable Path data;

  @Option(
      names = "--layout",
      paramLabel = "L",
      defaultValue = "twins",
      description = "Of pairs: twins, left or right (where the condition is); default twins.")
  private String layout = "twins";

  private final Surroundings surroundings;

  TuneScheduleCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    Solver solver =
        switch (sampler) {
          case "ab2" -> Solver.AB2;
          case "euler" -> Solver.EULER;
          default ->
              throw new InvalidInputException(
                  "--sampler", "--sampler must be euler or ab2, not " + sampler);
        };
    for (int count : steps) {
      if (count < 1 || count > StepTuning.GRID) {
        throw new InvalidInputException(
            "--steps", "--steps must be from 1 to " + StepTuning.GRID + ", not " + count);
      }
    }
    ModelFiles files = surroundings.model(model.reference);
    Path folder = CardFolder.of(files);
    ModelCard card = files.card();
    StepPlacement placement = record(files);
    for (int count : steps) {
      double[] alphas = placement.place(solver, count);
      card =
          card.withTuned(
              new ModelCard.TunedSteps(solver, DoubleStream.of(alphas).boxed().toList()));
      System.err.println(
          count
              + " steps: "
              + Arrays.stream(alphas).mapToObj(Double::toString).collect(Collectors.joining(",")));
    }
    ModelFolder.writeCard(folder, card);
    System.err.println("noted on " + folder.resolve(ModelCard.FILE));
    return 0;
  }

  private StepPlacement record(ModelFiles files) {
    NetworkConfig config = files.config();
    if (!files.card().p0().equals(ModelCard.GAUSSIAN)) {
      throw new InvalidInputException(
          "--model",
          "--model " + files.name() + " does not begin at Gaussian noise: not tuned yet");
    }
    int height =
        config
            .sampleSize()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "--model", "--model " + files.name() + " has no sample_size"));
    int width = config.sampleWidth().orElse(height);
    float[] condition = config.conditionChannels() == 0 ? new float[0] : held(files, height, width);
    try (SamplingNetwork network = ModelLibrary.load(surroundings.device(model.device), files)) {
      return StepTuning.record(
          network,
          height,
          width,
          config.outChannels() * height * width,
          condition,
          classes(files, config));
    }
  }

  /** All in turn; the one for no class too, which is a class like others. */
  private static long[] classes(ModelFiles files, NetworkConfig config) {
    long[] classes = new long[StepTuning.TRAJECTORIES];
    int all = Math.max(config.numClassEmbeds().orElse(1), files.card().classes().size());
    Arrays.setAll(classes, i -> i % all);
    return classes;
  }

  /** Conditions of held-out pairs, evenly spread over them. */
  private float[] held(ModelFiles files, int height, int width) {
    if (data == null) {
      throw new InvalidInputException(
          "--data", "--data is missing: model " + files.name() + " takes a condition");
    }
    int stride = files.config().conditionChannels() * height * width;
    float[] conditions = new float[StepTuning.TRAJECTORIES * stride];
    float[] picture = new float[files.config().outChannels() * height * width];
    try (EvaluationData pairs =
        EvaluationData.open(data, files, height, width, Optional.empty(), layout)) {
      for (int i = 0; i < StepTuning.TRAJECTORIES; i++) {
        long which = (long) i * pairs.heldOut().size() / StepTuning.TRAJECTORIES;
        pairs.heldOut().read((int) which, picture, 0, conditions, i * stride);
      }
    } catch (IOException e) {
      throw new InvalidInputException("--data", "--data: " + e.getMessage(), e);
    }
    return conditions;
  }
}
