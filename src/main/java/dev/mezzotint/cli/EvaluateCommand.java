package dev.mezzotint.cli;

import dev.mezzotint.evaluation.Evaluation;
import dev.mezzotint.evaluation.Evaluation.Settings;
import dev.mezzotint.evaluation.ImageSet;
import dev.mezzotint.evaluation.NetworkSampler;
import dev.mezzotint.evaluation.Report;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.Png;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code evaluate}: a model's quality in figures, beside what real pictures reach. */
@Command(
    name = "evaluate",
    description = "Measure a model's pictures against held-out ones, beside real against real.",
    footer = {
      "",
      "PATH holds the pictures that the model was trained on (folder train, or as its card says)",
      "and others (val or test). docs/evaluation.md says what the figures mean.",
      "",
      "Examples:",
      "  evaluate --model avatars-32 --data avatars.zip",
      "  evaluate --model my-model --data my-pictures --count 256 --json figures.json --out it.png"
    })
public final class EvaluateCommand implements Callable<Integer> {
  private static final int COUNT_DEFAULT = 512;
  private static final int PASS_VALUES = 1 << 18; // of x in one pass, on a CPU
  private static final int PASS_VALUES_CUDA = 1 << 22;

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = "Folder or zip of pictures, for models with a condition of pairs.")
  private Path data = Path.of("");

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Pictures that the model was not trained on; default val, else test.")
  private @Nullable String split;

  @Option(
      names = "--layout",
      paramLabel = "L",
      defaultValue = "twins",
      description = "Of pairs: twins, left or right (where the condition is); default twins.")
  private String layout = "twins";

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Pictures of each kind; default 512, or as many as are held out.")
  private @Nullable Integer count;

  @Option(
      names = "--repeats",
      paramLabel = "R",
      defaultValue = "3",
      description = "Runs with other seeds, for the spread; default ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of the first run; default ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private SolverOptions solving = new SolverOptions();

  @Option(
      names = "--search",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Training pictures to look for copies in; default ${DEFAULT-VALUE}.")
  private int search;

  @Option(names = "--json", paramLabel = "FILE", description = "Write figures and settings.")
  private @Nullable Path json;

  @Option(
      names = "--out",
      paramLabel = "FILE.png",
      description = "Write a sheet of generated and real pictures.")
  private @Nullable Path out;

  @Option(names = "--card", description = "Note the figures on the model's card.")
  private boolean card;

  private final CommandContext surroundings;

  public EvaluateCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    ModelFiles files = surroundings.model(model.reference);
    checkKind(files);
    Device device = surroundings.device(model.device);
    ModelInfo info = new ModelResolver(device, ref -> files).find("");
    Solver solver = solving.solver(info);
    double[] alphas = solving.alphas(info, files.card(), 0, 1);
    Guidance guidance = solving.guidance(info);
    if (search < 1) {
      throw new InvalidInputException("--search", "--search must be at least 1, not " + search);
    }
    destinations(files);
    List<Stage> stages = solver.stages(guidance.activeAlphas(alphas));
    Report report;
    try (EvaluationData pictures =
            EvaluationData.open(
                data, files, info.height(), info.width(), Optional.ofNullable(split), layout);
        PassProgress progress = progress(pictures, info)) {
      int number = number(pictures);
      Settings settings = new Settings(number, repeats, seed, classes(info), search);
      try (SamplingNetwork network = ModelResolver.load(device, files)) {
        NetworkSampler painter =
            new NetworkSampler(
                network,
                stages,
                info.unguided().map(without -> new UniformGuidance(guidance, without)),
                new ImageSet(0, info.channels(), info.height(), info.width(), new float[0]),
                info.p0().equals(ModelCard.BLUE_NOISE),
                rows(device, info),
                progress::advanced);
        report =
            new Evaluation(
                    pictures.training(), pictures.heldOut(), painter, settings, System.err::println)
                .run();
      }
      tell(
          files,
          report,
          settings(info, report, solver, alphas.length - 1, guidance, pictures.heldOutSplit()));
    }
    return 0;
  }

  private static void checkKind(ModelFiles files) {
    String p0 = files.card().p0();
    if (!p0.equals(ModelCard.GAUSSIAN) && !p0.equals(ModelCard.BLUE_NOISE)) {
      throw new InvalidInputException(
          "--model",
          "--model "
              + files.name()
              + " begins at "
              + p0
              + ", not at noise: not evaluated here (for the plane see study plane)");
    }
  }

  private void destinations(ModelFiles files) {
    if (json != null) {
      OutputPaths.file("--json", json);
    }
    if (out != null) {
      OutputPaths.file("--out", out);
    }
    if (card) {
      WritableModelCard.of(files);
    }
  }

  private int number(EvaluationData pictures) {
    return count != null
        ? count
        : Math.min(COUNT_DEFAULT, Math.min(pictures.heldOut().size(), pictures.training().size()));
  }

  private PassProgress progress(EvaluationData pictures, ModelInfo info) {
    long each = info.conditionChannels() > 0 ? 2 : 1;
    return new PassProgress("pictures", each * Math.max(1, repeats) * number(pictures));
  }

  /** Labels without the one for no class. */
  private static int classes(ModelInfo info) {
    int all = info.classes().orElse(0);
    return info.nullClass().isPresent() && info.nullClass().getAsInt() == all - 1 ? all - 1 : all;
  }

  private static int rows(Device device, ModelInfo info) {
    int values = info.channels() * info.height() * info.width();
    int pass = device.name().startsWith("cuda") ? PASS_VALUES_CUDA : PASS_VALUES;
    return Math.max(1, pass / values);
  }

  private Map<String, Object> settings(
      ModelInfo info,
      Report report,
      Solver solver,
      int intervals,
      Guidance guidance,
      String heldOut) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", info.reference());
    map.put("sampler", solver.wireName());
    map.put("steps", intervals);
    if (!solving.schedule().equals("uniform")) {
      map.put("schedule", solving.schedule());
    }
    if (guidance.guides()) {
      map.put("guidance", guidance.weight());
      map.put("cfgZero", guidance.zeroStar());
    }
    map.put("split", heldOut);
    map.putAll(report.settings());
    return map;
  }

  private void tell(ModelFiles files, Report found, Map<String, Object> settings)
      throws IOException {
    Report report = new Report(settings, found.figures(), found.sheet());
    System.out.printf(
        "%s: %s pictures each, %s repeats from seed %s, %s in %s steps%n",
        settings.get("model"),
        settings.get("count"),
        settings.get("repeats"),
        settings.get("seed"),
        settings.get("sampler"),
        settings.get("steps"));
    report.lines().forEach(System.out::println);
    if (json != null) {
      Files.write(json, JsonText.writePretty(report.toMap()));
      System.err.println("figures: " + json);
    }
    if (out != null) {
      Files.write(out, Png.encode(report.sheet(), 9));
      System.err.println("sheet: " + out);
    }
    if (card) {
      Path folder = WritableModelCard.of(files);
      ModelFolder.writeCard(folder, files.card().withMetric("evaluation", report.toMap()));
      System.err.println("noted on " + folder.resolve(ModelCard.FILE));
    }
  }
}
