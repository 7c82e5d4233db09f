package dev.mezzotint.cli;

import dev.mezzotint.evaluation.StepTuning;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.StepPlacement;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
public final class TuneScheduleCommand implements Callable<Integer> {
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

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public TuneScheduleCommand(CommandContext surroundings) {
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
    Path folder = WritableModelCard.of(files);
    ModelCard card = files.card();
    StepPlacement placement = record(files);
    Map<String, Object> tuned = new LinkedHashMap<>();
    List<String> lines = new ArrayList<>();
    for (int count : steps) {
      List<Double> alphas = DoubleStream.of(placement.place(solver, count)).boxed().toList();
      card = card.withTuned(new ModelCard.TunedSteps(solver, alphas));
      tuned.put(Integer.toString(count), alphas);
      lines.add(
          count
              + " steps: "
              + alphas.stream().map(String::valueOf).collect(Collectors.joining(",")));
    }
    ModelFolder.writeCard(folder, card);
    Path noted = folder.resolve(ModelCard.FILE);
    lines.add("noted on " + noted);
    json.tell(
        String.join(System.lineSeparator(), lines),
        Map.of(
            "model", files.name(), "sampler", sampler, "tuned", tuned, "card", noted.toString()));
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
    HeldOutConditions inputs = HeldOutConditions.of(files, StepTuning.TRAJECTORIES, data, layout);
    try (SamplingNetwork network = ModelResolver.load(surroundings.device(model.device), files)) {
      return StepTuning.record(
          network,
          height,
          width,
          config.outChannels() * height * width,
          inputs.condition(),
          inputs.classes());
    }
  }
}
