package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.evaluation.Evaluation;
import dev.mezzotint.evaluation.Evaluation.Settings;
import dev.mezzotint.evaluation.ImageSet;
import dev.mezzotint.evaluation.NetworkSampler;
import dev.mezzotint.evaluation.Report;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.Png;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UniformGuidance;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code evaluate}: quality metrics of a model, with the values that real images reach. */
@Command(
    name = "evaluate",
    description = "Compare a model's images with held-out ones, next to real against real.",
    footer = {
      "",
      "PATH has the images that the model was trained on (split train, or as its card says) and"
          + " others (val or test). docs/evaluation.md explains the metrics.",
      "",
      "Examples:",
      "  evaluate --model avatars-32 --data avatars.zip",
      "  evaluate --model my-model --data my-images --count 256 --report report.json --sheet it.png"
    })
public final class EvaluateCommand implements Callable<Integer> {
  private static final int COUNT_DEFAULT = 512;

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Images of each kind; default 512, or as many as are held out.")
  private @Nullable Integer count;

  @Option(
      names = "--repeats",
      paramLabel = "R",
      defaultValue = "3",
      description = "Runs with different seeds, for the spread; default ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of the first run; default ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private SolverOptions sampling = new SolverOptions();

  @Option(
      names = "--search",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Training images to search for copies; default ${DEFAULT-VALUE}.")
  private int search;

  @Mixin private ReportOptions report = new ReportOptions();

  @Option(
      names = "--sheet",
      paramLabel = "FILE.png",
      description = "Write a sheet of generated and real images.")
  private @Nullable Path sheet;

  @Option(names = "--card", description = "Write the metrics to the model's card.")
  private boolean card;

  private final CommandContext context;

  public EvaluateCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    ModelFiles files = context.model(model.reference());
    checkNoise(files);
    Device device = context.device(model.device);
    ModelInfo info = ModelInfo.of(files);
    Solver solver = sampling.solver(info);
    double[] alphas = sampling.alphas(info, files.card(), 0, 1);
    Guidance guidance = sampling.guidance(info);
    refuseIf(search < 1, "--search", "must be at least 1, not %s", search);
    checkOutputs(files);
    List<Stage> stages = solver.stages(guidance.activeAlphas(alphas));
    Report result;
    try (EvaluationData images = data.open(files, info, "evaluate compares with its images");
        PassProgress progress = progress(images, info)) {
      Settings settings = new Settings(count(images), repeats, seed, info.labels(), search);
      try (SamplingNetwork network = ModelResolver.load(device, files)) {
        NetworkSampler sampler =
            new NetworkSampler(
                network,
                stages,
                info.unguided().map(without -> new UniformGuidance(guidance, without)),
                new ImageSet(0, info.channels(), info.height(), info.width(), new float[0]),
                info.p0().equals(ModelCard.BLUE_NOISE),
                device,
                progress::advanced);
        result =
            new Evaluation(
                    images.training(), images.heldOut(), sampler, settings, System.err::println)
                .run();
      }
      finish(
          files,
          result,
          settings(info, result, solver, alphas.length - 1, guidance, images.heldOutSplit()));
    }
    return 0;
  }

  private static void checkNoise(ModelFiles files) {
    String p0 = files.card().p0();
    refuseIf(
        !p0.equals(ModelCard.GAUSSIAN) && !p0.equals(ModelCard.BLUE_NOISE),
        "--model",
        "%s starts at %s, not at noise: evaluate does not support it (for the plane use"
            + " study plane)",
        files.name(),
        p0);
  }

  private void checkOutputs(ModelFiles files) {
    report.check();
    if (sheet != null) {
      OutputPaths.file("--sheet", sheet);
    }
    if (card) {
      WritableModelCard.of(files);
    }
  }

  private int count(EvaluationData images) {
    return count != null
        ? count
        : Math.min(COUNT_DEFAULT, Math.min(images.heldOut().size(), images.training().size()));
  }

  private PassProgress progress(EvaluationData images, ModelInfo info) {
    long each = info.conditionChannels() > 0 ? 2 : 1;
    return new PassProgress("images", each * Math.max(1, repeats) * count(images));
  }

  private Map<String, Object> settings(
      ModelInfo info,
      Report result,
      Solver solver,
      int intervals,
      Guidance guidance,
      String heldOut) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", info.reference());
    map.put("sampler", solver.wireName());
    map.put("steps", intervals);
    if (!sampling.schedule().equals("uniform")) {
      map.put("schedule", sampling.schedule());
    }
    if (guidance.guides()) {
      map.put("guidance", guidance.weight());
      map.put("cfgZero", guidance.zeroStar());
    }
    map.put("split", heldOut);
    map.putAll(result.settings());
    return map;
  }

  private void finish(ModelFiles files, Report measured, Map<String, Object> settings)
      throws IOException {
    Report result = new Report(settings, measured.metrics(), measured.sheet());
    report.print(
        "%s: %s images each, %s repeats from seed %s, %s in %s steps",
        String.valueOf(settings.get("model")),
        String.valueOf(settings.get("count")),
        String.valueOf(settings.get("repeats")),
        String.valueOf(settings.get("seed")),
        String.valueOf(settings.get("sampler")),
        String.valueOf(settings.get("steps")));
    result.lines().forEach(line -> report.print("%s", line));
    report.metrics().putAll(result.toMap());
    report.finish();
    if (sheet != null) {
      Files.write(sheet, Png.encode(result.sheet(), 9));
      System.err.println("sheet: " + sheet);
    }
    if (card) {
      Path folder = WritableModelCard.of(files);
      ModelFolder.writeCard(folder, files.card().withMetric("evaluation", result.toMap()));
      System.err.println("metrics written to " + folder.resolve(ModelCard.FILE));
    }
  }
}
