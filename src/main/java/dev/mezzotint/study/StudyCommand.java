package dev.mezzotint.study;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.DataOptions;
import dev.mezzotint.cli.EvaluationData;
import dev.mezzotint.cli.HeldOutConditions;
import dev.mezzotint.cli.OutputPaths;
import dev.mezzotint.cli.ReportOptions;
import dev.mezzotint.dataset.DatasetOptions;
import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.evaluation.Evaluation;
import dev.mezzotint.evaluation.Evaluation.Settings;
import dev.mezzotint.evaluation.ImageSet;
import dev.mezzotint.evaluation.NetworkSampler;
import dev.mezzotint.files.SmallFile;
import dev.mezzotint.generation.ImageSettings;
import dev.mezzotint.generation.request.CanvasRequest;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Density;
import dev.mezzotint.iadb.SmoothedData;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
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
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code study}: the method against known truths; a table for each study, and plots in files. */
@Command(
    name = "study",
    description = "Measure the method or a model against a known truth; writes plots.",
    footer = {
      "",
      "Studies: paths, stability; solvers (--data or --model); precision (--model);",
      "inversion, quality (--model and --data);",
      "agreement (--model); blue-noise (--data); plane (--model of the plane);",
      "flicker (--model and --condition, label maps of a clip);",
      "seams (--image, a canvas that 'generate' or a worker has drawn).",
      "",
      "Examples:",
      "  study paths stability --out plots",
      "  study solvers --data my-images --out plots",
      "  study solvers --model avatars-32 --out plots",
      "  study solvers --model drive-64 --data drive-64.zip --count 16 --out plots",
      "  study inversion --model avatars-32 --data my-images --out plots",
      "  study quality --model avatars-64 --data avatars-64.zip --count 256 --out plots",
      "  study flicker --model drive-64 --condition lap --count 60 --steps 8 --out plots",
      "  study seams --image region/00000.png --out plots"
    })
public final class StudyCommand implements Callable<Integer> {
  private static final List<String> NAMES =
      List.of(
          "paths",
          "stability",
          "solvers",
          "inversion",
          "quality",
          "agreement",
          "precision",
          "blue-noise",
          "plane",
          "flicker",
          "seams");
  private static final int IMAGES = 256;
  private static final int COUNT = 32;
  private static final int QUALITY_COUNT = 256;
  private static final int COUNT_MAX = 4096;
  private static final double SMOOTHING = 0.1;

  @Parameters(arity = "1..*", paramLabel = "NAME", description = "Which studies.")
  private List<String> names = List.of();

  @Option(names = "--model", paramLabel = "REF", description = "The model to measure.")
  private @Nullable String model;

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--size",
      paramLabel = "N",
      description = "Side of the images of exact fields; default ${DEFAULT-VALUE}.")
  private int size = 32;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Images; default 32, for 'solvers' 64, for 'quality' 256.")
  private @Nullable Integer given;

  @Option(
      names = "--steps",
      paramLabel = "T",
      description = "Steps for 'inversion', 'agreement', 'flicker'; default ${DEFAULT-VALUE}.")
  private int steps = 128;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      description =
          "Schedule of 'agreement': uniform, cosine or shift:S; default ${DEFAULT-VALUE}.")
  private String schedule = "uniform";

  @Option(
      names = "--condition",
      paramLabel = "PATH",
      description = "Folder or zip of a clip's conditions, for 'flicker'.")
  private @Nullable String condition;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "A canvas with its settings in the file, for 'seams'.")
  private @Nullable Path image;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N; default as configured, else cpu.")
  private String device = "";

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results.")
  private Path out = Path.of("");

  @Mixin private ReportOptions report = new ReportOptions();

  private final CommandContext context;
  private final List<Map<String, Object>> results = new ArrayList<>();

  public StudyCommand(CommandContext context) {
    this.context = context;
  }

  private record Subject(ModelFiles files, Device device, ModelInfo info) {
    SamplingNetwork load() {
      return ModelResolver.load(device, files);
    }

    SamplingNetwork load(Precision precision) {
      return ModelResolver.load(device.in(precision), files);
    }
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
    report.check();
    for (String name : names) {
      switch (name) {
        case "paths" -> {
          finish(StochasticPaths.points());
          finish(StochasticPaths.triangleToSquare());
        }
        case "stability" -> finish(Stability.run());
        case "solvers" -> finish(solvers());
        case "inversion" -> finish(inversion());
        case "quality" -> finish(quality());
        case "agreement" -> finish(agreement());
        case "precision" -> finish(precision());
        case "flicker" -> finish(flicker());
        case "seams" -> finish(seams());
        case "blue-noise" -> finish(BlueNoiseStudy.run(points(), 3, size, SMOOTHING));
        default -> finish(plane());
      }
    }
    report.put("studies", results);
    report.save();
    return 0;
  }

  private void finish(StudyResult result) throws IOException {
    List<String> written = new ArrayList<>();
    for (Map.Entry<String, byte[]> file : result.files().entrySet()) {
      Files.write(out.resolve(file.getKey()), file.getValue());
      written.add(out.resolve(file.getKey()).toString());
    }
    List<String> lines = new ArrayList<>(result.lines());
    lines.addAll(written);
    Map<String, Object> facts =
        Map.of("study", result.name(), "lines", result.lines(), "files", written);
    report.result(String.join(System.lineSeparator(), lines), facts);
    results.add(facts);
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
          "Exact field of " + points.length + " images, s = " + SMOOTHING,
          "solvers-exact",
          List.of());
    }
    Subject subject = subject(files());
    ModelCard card = subject.files().card();
    if (!card.p0().equals(ModelCard.GAUSSIAN)) {
      throw new InvalidInputException(
          "--model", "--model " + model + " does not start at Gaussian noise: not supported");
    }
    int rows = count(SolverErrors.ROWS);
    try (SamplingNetwork network = subject.load()) {
      return new SolverErrors(flow(subject, network, rows), rows, subject.info().values())
          .table(subject.files().name(), "solvers-" + subject.files().name(), card.tuned());
    }
  }

  private SolverErrors.Flow flow(Subject subject, SamplingNetwork network, int rows) {
    ModelInfo info = subject.info();
    HeldOutConditions inputs = HeldOutConditions.of(subject.files(), info, rows, data);
    return SolverErrors.of(
        network, info.height(), info.width(), inputs.condition(), inputs.classes());
  }

  /** The images of --data, at --size, as points of an exact field. */
  private float[][] points() throws IOException {
    try (ImageDataset images = images(size, size, 3)) {
      float[][] points = new float[Math.min(IMAGES, images.size())][];
      for (int i = 0; i < points.length; i++) {
        points[i] = images.chw(i);
      }
      return points;
    }
  }

  private StudyResult inversion() throws IOException {
    Subject subject = subject(unconditionalFiles());
    ModelInfo info = subject.info();
    try (ImageDataset images = images(info.height(), info.width(), info.channels());
        SamplingNetwork network = subject.load()) {
      int n = Math.min(count(COUNT), images.size());
      float[] x1 = new float[n * info.values()];
      for (int i = 0; i < n; i++) {
        images.read(i, x1, i * info.values());
      }
      double error = Inversion.roundTrip(network, x1, n, info.height(), info.width(), steps);
      return Inversion.result(n, steps, error);
    }
  }

  private StudyResult quality() throws IOException {
    Subject subject = subject(files());
    ModelInfo info = subject.info();
    try (EvaluationData images =
            data.open(subject.files(), info, "this study compares with images");
        SamplingNetwork network = subject.load()) {
      int count = Math.min(count(QUALITY_COUNT), images.heldOut().size());
      Settings settings = new Settings(count, /* repeats= */ 1, /* seed= */ 0, info.labels(), 1);
      return QualityStudy.run(
          subject.files().name(),
          info.sampler(),
          subject.files().card().tuned(),
          stages ->
              new Evaluation(
                      images.training(),
                      images.heldOut(),
                      new NetworkSampler(
                          network,
                          stages,
                          Optional.empty(),
                          new ImageSet(
                              0, info.channels(), info.height(), info.width(), new float[0]),
                          info.p0().equals(ModelCard.BLUE_NOISE),
                          subject.device(),
                          sampled -> {}),
                      settings,
                      phase -> {})
                  .patchDistances());
    }
  }

  private StudyResult flicker() throws IOException {
    if (model == null || condition == null) {
      throw new InvalidInputException(
          "--condition", "--model and --condition are missing: this study needs both");
    }
    return FlickerStudy.run(context.device(device), files(), condition, count(COUNT), steps);
  }

  private StudyResult seams() throws IOException {
    if (image == null) {
      throw new InvalidInputException("--image", "--image is missing: this study needs a canvas");
    }
    byte[] file = SmallFile.read(image);
    ImageSettings settings =
        ImageSettings.find(file)
            .filter(found -> found.canvas().isPresent())
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "--image", "--image: " + image + " has no settings of a canvas"));
    CanvasRequest canvas = settings.canvas().orElseThrow();
    ModelInfo tiles = ModelInfo.of(context.model(model == null ? settings.model() : model));
    ModelInfo drawn = canvas.applyTo(tiles, canvas.size().orElseThrow());
    return SeamStudy.run(ImageReader.read(file, drawn.channels()), drawn.canvas().orElseThrow());
  }

  private StudyResult agreement() {
    Subject subject = subject(unconditionalFiles());
    int rows = count(COUNT);
    try (SamplingNetwork network = subject.load()) {
      return SolverErrors.agreement(
          flow(subject, network, rows), rows, subject.info().values(), alphas());
    }
  }

  private double[] alphas() {
    try {
      return AlphaSchedule.parse(schedule).alphas(steps);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--schedule", "--schedule: " + e.getMessage(), e);
    }
  }

  private StudyResult precision() {
    Subject subject = subject(files());
    ModelInfo info = subject.info();
    int rows = count(COUNT);
    try (SamplingNetwork float32 = subject.load(Precision.FLOAT32);
        SamplingNetwork bf16 = subject.load(Precision.BF16)) {
      return PrecisionStudy.run(
          subject.files().name(),
          flow(subject, float32, rows),
          flow(subject, bf16, rows),
          info.sampler().stages(AlphaSchedule.UNIFORM.alphas(info.steps())),
          info.sampler().stages(AlphaSchedule.UNIFORM.alphas(2 * info.steps())),
          rows,
          info.values());
    }
  }

  private StudyResult plane() {
    ModelFiles files = unconditionalFiles();
    Object p1 = files.card().recipe().get("p1");
    if (!(p1 instanceof String word) || files.config().sizeMax() != 1) {
      throw InvalidInputException.of("--model", "is not a model of the plane: its card has no p1");
    }
    try (SamplingNetwork network = ModelResolver.load(context.device(device), files)) {
      return PlaneDistance.result(
          files.name(),
          PlaneDistance.measure(network, Density.parse(files.card().p0()), Density.parse(word)));
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException("--model", "--model: " + e.getMessage(), e);
    }
  }

  private int count(int otherwise) {
    return given == null ? otherwise : given;
  }

  private ModelFiles files() {
    if (model == null) {
      throw new InvalidInputException("--model", "--model is missing: this study needs one");
    }
    return context.model(model);
  }

  private ModelFiles unconditionalFiles() {
    ModelFiles files = files();
    if (files.config().conditionChannels() != 0 || files.config().numClassEmbeds().isPresent()) {
      throw new InvalidInputException(
          "--model", "--model " + model + " takes a condition or classes: not supported");
    }
    return files;
  }

  private Subject subject(ModelFiles files) {
    return new Subject(files, context.device(device), ModelInfo.of(files));
  }

  private ImageDataset images(int height, int width, int channels) throws IOException {
    Path path = data.path("this study needs images");
    DatasetOptions options = DatasetOptions.of(height, width).withChannels(channels);
    return ImageDataset.open(path, data.split().map(options::withSplit).orElse(options));
  }
}
