package dev.mezzotint.study;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.HeldOutConditions;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code study}: the method against known truths; tables on standard output, pictures in files. */
@Command(
    name = "study",
    description = "Measure the method or a model against a known truth; writes pictures of it.",
    footer = {
      "",
      "Studies: paths, stability; solvers (--data or --model); precision (--model);",
      "inversion (--model and --data);",
      "agreement (--model); blue-noise (--data); plane (--model of the plane);",
      "flicker (--model and --condition, label maps of a clip).",
      "",
      "Examples:",
      "  study paths stability --out figures",
      "  study solvers --data my-pictures --out figures",
      "  study solvers --model avatars-32 --out figures",
      "  study solvers --model drive-32 --data drive-64.zip --count 16 --out figures",
      "  study inversion --model avatars-32 --data my-pictures --out figures",
      "  study flicker --model drive-64 --condition lap --count 60 --steps 8 --out figures"
    })
public final class StudyCommand implements Callable<Integer> {
  private static final List<String> NAMES =
      List.of(
          "paths",
          "stability",
          "solvers",
          "inversion",
          "agreement",
          "precision",
          "blue-noise",
          "plane",
          "flicker");
  private static final int PICTURES = 256;
  private static final int COUNT = 32;
  private static final int COUNT_MAX = 4096;
  private static final double SMOOTHING = 0.1;

  @Parameters(arity = "1..*", paramLabel = "NAME", description = "Which studies.")
  private List<String> names = List.of();

  @Option(names = "--model", paramLabel = "REF", description = "The model to be measured.")
  private @Nullable String model;

  @Option(names = "--data", paramLabel = "PATH", description = "Folder or zip of pictures.")
  private @Nullable Path data;

  @Option(names = "--split", paramLabel = "NAME", description = "Folder within --data.")
  private @Nullable String split;

  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "32",
      description = "Side of the pictures of exact fields; default ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Pictures; default 32, for 'solvers' 64.")
  private @Nullable Integer given;

  @Option(
      names = "--steps",
      paramLabel = "T",
      defaultValue = "128",
      description = "Steps for 'inversion', 'agreement', 'flicker'; default ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      defaultValue = "uniform",
      description =
          "Where the steps of 'agreement' lie: uniform, cosine, shift:S; default ${DEFAULT-VALUE}.")
  private String schedule = "uniform";

  @Option(
      names = "--layout",
      paramLabel = "L",
      defaultValue = "twins",
      description =
          "Of --data for a model with a condition: twins, left or right (where the condition is);"
              + " default ${DEFAULT-VALUE}.")
  private String layout = "twins";

  @Option(
      names = "--condition",
      paramLabel = "PATH",
      description = "Folder or zip of a clip's conditions, for 'flicker'.")
  private @Nullable String condition;

  @Option(names = "--device", defaultValue = "", description = "cpu, cuda or cuda:N.")
  private String device = "";

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where to write.")
  private Path out = Path.of("");

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext surroundings;

  public StudyCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    for (String name : names) {
      if (!NAMES.contains(name)) {
        throw new InvalidInputException("NAME", "there is no study " + name + " (see --help)");
      }
    }
    if (given != null && (given < 1 || given > COUNT_MAX)) {
      throw new InvalidInputException("--count", "--count must be from 1 to " + COUNT_MAX);
    }
    OutputPaths.folder("--out", out);
    for (String name : names) {
      switch (name) {
        case "paths" -> {
          tell(StochasticPaths.points());
          tell(StochasticPaths.triangleToSquare());
        }
        case "stability" -> tell(Stability.run());
        case "solvers" -> tell(solvers());
        case "inversion" -> tell(inversion());
        case "agreement" -> tell(agreement());
        case "precision" -> tell(precision());
        case "flicker" -> tell(flicker());
        case "blue-noise" -> tell(BlueNoiseStudy.run(points(), 3, size, SMOOTHING));
        default -> tell(plane());
      }
    }
    return 0;
  }

  private void tell(StudyResult finding) throws IOException {
    List<String> written = new ArrayList<>();
    for (Map.Entry<String, byte[]> file : finding.files().entrySet()) {
      Files.write(out.resolve(file.getKey()), file.getValue());
      written.add(out.resolve(file.getKey()).toString());
    }
    List<String> all = new ArrayList<>(finding.lines());
    all.addAll(written);
    json.answer(
        String.join(System.lineSeparator(), all),
        Map.of("study", finding.name(), "lines", finding.lines(), "files", written));
  }

  private StudyResult solvers() throws IOException {
    if (model == null) {
      float[][] points = points();
      int values = points[0].length;
      SolverErrors errors =
          new SolverErrors(
              SolverErrors.along(new SmoothedData(points, SMOOTHING), values),
              SolverErrors.ROWS,
              values);
      return errors.table(
          "Exact field of " + points.length + " pictures, s = " + SMOOTHING,
          "solvers-exact",
          List.of());
    }
    ModelFiles files = surroundings.model(model);
    if (!files.card().p0().equals(ModelCard.GAUSSIAN)) {
      throw new InvalidInputException(
          "--model", "--model " + model + " does not begin at Gaussian noise: not studied yet");
    }
    NetworkConfig config = files.config();
    int height = side(files);
    int width = config.sampleWidth().orElse(height);
    int values = config.outChannels() * height * width;
    int rows = count(SolverErrors.ROWS);
    HeldOutConditions inputs = HeldOutConditions.of(files, rows, data, layout);
    try (SamplingNetwork network = ModelResolver.load(surroundings.device(device), files)) {
      SolverErrors errors =
          new SolverErrors(
              SolverErrors.of(network, height, width, inputs.condition(), inputs.classes()),
              rows,
              values);
      return errors.table(files.name(), "solvers-" + files.name(), files.card().tuned());
    }
  }

  /** The pictures of --data, at --size, as points of an exact field. */
  private float[][] points() throws IOException {
    try (ImageDataset pictures = pictures(size, size, 3)) {
      float[][] points = new float[Math.min(PICTURES, pictures.size())][];
      for (int i = 0; i < points.length; i++) {
        points[i] = pictures.chw(i);
      }
      return points;
    }
  }

  private StudyResult inversion() throws IOException {
    ModelFiles files = files();
    int height = side(files);
    int width = files.config().sampleWidth().orElse(height);
    int channels = files.config().outChannels();
    try (ImageDataset pictures = pictures(height, width, channels);
        SamplingNetwork network = ModelResolver.load(surroundings.device(device), files)) {
      int n = Math.min(count(COUNT), pictures.size());
      float[] x1 = new float[n * channels * height * width];
      for (int i = 0; i < n; i++) {
        pictures.read(i, x1, i * channels * height * width);
      }
      double error = Inversion.roundTrip(network, x1, n, height, width, steps);
      return Inversion.finding(n, steps, error);
    }
  }

  private StudyResult flicker() throws IOException {
    if (model == null || condition == null) {
      throw new InvalidInputException(
          "--condition", "--model and --condition are missing: this study needs both");
    }
    ModelFiles files = surroundings.model(model);
    ModelResolver library = new ModelResolver(surroundings.device(device), reference -> files);
    return FlickerStudy.run(library, condition, count(COUNT), steps);
  }

  private StudyResult agreement() {
    ModelFiles files = files();
    int height = side(files);
    int width = files.config().sampleWidth().orElse(height);
    int values = files.config().outChannels() * height * width;
    int rows = count(COUNT);
    try (SamplingNetwork network = ModelResolver.load(surroundings.device(device), files)) {
      return SolverErrors.agreement(
          SolverErrors.of(network, height, width, new float[0], new long[rows]),
          rows,
          values,
          alphas());
    }
  }

  private double[] alphas() {
    try {
      return AlphaSchedule.parse(schedule).alphas(steps);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--schedule", "--schedule: " + e.getMessage(), e);
    }
  }

  private StudyResult precision() throws IOException {
    ModelFiles files = modelFiles();
    int rows = count(COUNT);
    HeldOutConditions inputs = HeldOutConditions.of(files, rows, data, layout);
    Device on = surroundings.device(device);
    ModelInfo info = new ModelResolver(on, reference -> files).find("");
    int steps = info.steps();
    try (SamplingNetwork float32 = ModelResolver.load(on.in(Precision.FLOAT32), files);
        SamplingNetwork bf16 = ModelResolver.load(on.in(Precision.BF16), files)) {
      return PrecisionStudy.run(
          files.name(),
          SolverErrors.of(
              float32, info.height(), info.width(), inputs.condition(), inputs.classes()),
          SolverErrors.of(bf16, info.height(), info.width(), inputs.condition(), inputs.classes()),
          info.sampler().stages(AlphaSchedule.UNIFORM.alphas(steps)),
          info.sampler().stages(AlphaSchedule.UNIFORM.alphas(2 * steps)),
          rows,
          info.channels() * info.height() * info.width());
    }
  }

  private StudyResult plane() {
    ModelFiles files = files();
    Object p1 = files.card().recipe().get("p1");
    if (!(p1 instanceof String word) || files.config().sizeMax() != 1) {
      throw new InvalidInputException(
          "--model", "--model is not one of the plane: its card has no p1");
    }
    try (SamplingNetwork network = ModelResolver.load(surroundings.device(device), files)) {
      return PlaneDistance.finding(
          files.name(),
          PlaneDistance.measure(network, Density.parse(files.card().p0()), Density.parse(word)));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--model", "--model: " + e.getMessage(), e);
    }
  }

  private int count(int otherwise) {
    return given == null ? otherwise : given;
  }

  private ModelFiles modelFiles() {
    if (model == null) {
      throw new InvalidInputException("--model", "--model is missing: this study needs one");
    }
    return surroundings.model(model);
  }

  private ModelFiles files() {
    ModelFiles files = modelFiles();
    if (files.config().conditionChannels() != 0 || files.config().numClassEmbeds().isPresent()) {
      throw new InvalidInputException(
          "--model", "--model " + model + " takes a condition or classes: not studied yet");
    }
    return files;
  }

  private static int side(ModelFiles files) {
    return files
        .config()
        .sampleSize()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "--model", "--model " + files.name() + " has no sample_size"));
  }

  private ImageDataset pictures(int height, int width, int channels) throws IOException {
    if (data == null) {
      throw new InvalidInputException("--data", "--data is missing: this study needs pictures");
    }
    DatasetOptions options = DatasetOptions.of(height, width).withChannels(channels);
    return ImageDataset.open(data, split == null ? options : options.withSplit(split));
  }
}
