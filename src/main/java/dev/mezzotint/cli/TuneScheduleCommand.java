package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.evaluation.StepTuning;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.StepPlacement;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tune-schedule}: optimises the placement of a model's steps and writes it to its card. */
@Command(
    name = "tune-schedule",
    description = "Optimise the placement of a model's few steps and write it to its card.",
    footer = {
      "",
      "Example:",
      "  tune-schedule --model avatars-32 --steps 8,12,16,24,32",
      "  generate --model avatars-32 --steps 12 --schedule tuned --out images"
    })
public final class TuneScheduleCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--steps",
      split = ",",
      paramLabel = "T",
      defaultValue = "8,12,16,24,32",
      description = "Numbers of steps to optimise; default ${DEFAULT-VALUE}.")
  private int[] steps = {};

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      defaultValue = "ab2",
      description = "euler or ab2; default ${DEFAULT-VALUE}.")
  private String sampler = "ab2";

  @Mixin private DataOptions data = new DataOptions();

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public TuneScheduleCommand(CommandContext context) {
    this.context = context;
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
    ModelFiles files = context.model(model.reference());
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
    Path written = folder.resolve(ModelCard.FILE);
    lines.add("written to " + written);
    json.status(
        String.join(System.lineSeparator(), lines),
        Map.of(
            "model", files.name(), "sampler", sampler, "tuned", tuned, "card", written.toString()));
    return 0;
  }

  private StepPlacement record(ModelFiles files) {
    refuseIf(
        !files.card().p0().equals(ModelCard.GAUSSIAN),
        "--model",
        "%s does not start at Gaussian noise: tune-schedule does not support it",
        files.name());
    Device device = context.device(model.device);
    ModelInfo info = ModelInfo.of(files);
    HeldOutConditions inputs = HeldOutConditions.of(files, info, StepTuning.TRAJECTORIES, data);
    try (SamplingNetwork network = ModelResolver.load(device, files)) {
      return StepTuning.record(
          network,
          info.height(),
          info.width(),
          info.values(),
          inputs.condition(),
          inputs.classes());
    }
  }
}
