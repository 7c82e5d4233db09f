package dev.mezzotint.cli;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.files.SmallFile;
import dev.mezzotint.generation.ImageSettings;
import dev.mezzotint.generation.request.CanvasRequest;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.image.Resize;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.sampling.CanvasSampler;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: runs the worker's step loop in this process, without broker or store. */
@Command(
    name = "generate",
    description = {
      "Generate images in this process, without a worker.",
      "Writes 00000.png... as they are finished, then grid.png and samples.safetensors."
    },
    footer = {
      "",
      "Examples:",
      "  generate --model avatars-64 --count 16 --seed 7 --out images",
      "  generate --from images/00003.png --steps 64 --out finer",
      "  generate --model fashion-28 --class sneaker --count 16 --out sneakers",
      "  generate --model earth-64 --condition map=map.png --canvas --out region",
      "  generate --model avatars-32 --interpolate 3..7 --count 12 --out between",
      "  generate --model avatars-32 --init face.png --from-alpha 0.5 --count 8 --out like-it",
      "  generate --model avatars-32 --init face.png --mask mask.png --count 8 --out painted",
      "  generate --model avatars-32 --init faces --invert --steps 128 --out x0",
      "  generate --model triangle-square-2d --count 4000 --trajectory --out points",
      "  generate --model my-unet --x0 noise.safetensors:x --steps 8 --sampler euler --out y"
    })
public final class GenerateCommand implements Callable<Integer> {
  /** Small images are specks on a screen. */
  public static final int SCALE_DEFAULT = 4;

  private static final int SCALE_MAX = 16;

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private InitialStateOptions initial = new InitialStateOptions();

  @Mixin private SolverOptions solving = new SolverOptions();

  @Mixin private FrameOptions frames = new FrameOptions();

  @Option(
      names = "--class",
      paramLabel = "K",
      description = "Class of all images, by number or name; 'models show' lists the names.")
  private @Nullable String classLabel;

  @Option(
      names = "--canvas",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "WxH",
      description =
          "Draw images larger than the model's in overlapping tiles; without a size, as large as"
              + " the condition.")
  private @Nullable String canvas;

  @Option(
      names = "--overlap",
      paramLabel = "N",
      description =
          "Pixels that neighbouring tiles of a canvas share; default a quarter of a tile.")
  private @Nullable Integer overlap;

  @Option(
      names = "--from",
      paramLabel = "IMAGE.png",
      description =
          "Repeat an image that this software has made, with the model and settings in its file;"
              + " other options replace them.")
  private @Nullable Path from;

  @Option(
      names = "--scale",
      paramLabel = "F",
      defaultValue = "4",
      description =
          "Enlarge grid.png, sheet.png, clip.png and trajectories F times, 1 to 16; the images"
              + " keep their size; default ${DEFAULT-VALUE}.")
  private int scale = SCALE_DEFAULT;

  @Option(
      names = "--trajectory",
      description =
          "Also write trajectory.png, an animation of the path from x0 to x1, and"
              + " trajectory-sheet.png, its stages next to each other.")
  private boolean trajectory;

  @Mixin private InpaintingOptions inpainting = new InpaintingOptions();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the files.")
  private Path out = Path.of("");

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public GenerateCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    checkScale(scale);
    Optional<ImageSettings> image = Optional.ofNullable(from).map(GenerateCommand::settings);
    image.ifPresent(this::take);
    Optional<Tensor> noise = initial.given();
    ModelFiles files = context.model(model.reference(image.map(ImageSettings::model)));
    ModelLoader loader = ModelResolver.of(context.device(model.device), files);
    ModelInfo info = canvas == null ? info(files, noise) : canvas(ModelInfo.of(files), canvas);
    try {
      frames.open(info);
      frames.frames().ifPresent(named -> initial.expect(named, frames.shared()));
      return generate(
          loader, files, info, initial.points(info, files, noise, inpainting.isPresent()));
    } finally {
      frames.close();
    }
  }

  /** A model at its own size, or at that of the given noise. */
  private ModelInfo info(ModelFiles files, Optional<Tensor> noise) {
    refuseIf(overlap != null, "--overlap", "is for --canvas");
    return noise
        .map(x0 -> ModelInfo.of(files, (int) x0.shape()[2], (int) x0.shape()[3]))
        .orElseGet(() -> ModelInfo.of(files));
  }

  private ModelInfo canvas(ModelInfo model, String text) {
    CanvasRequest.Size size =
        text.isEmpty() ? frames.sizeOfFirst(model) : CanvasRequest.Size.parse("--canvas", text);
    OptionalInt shared = overlap == null ? OptionalInt.empty() : OptionalInt.of(overlap);
    return model.withCanvas("--canvas", size.width(), size.height(), shared);
  }

  /**
   * @throws InvalidInputException if images cannot be enlarged by this factor
   */
  public static void checkScale(int scale) {
    if (scale < 1 || scale > SCALE_MAX) {
      throw new InvalidInputException(
          "--scale", "--scale must be from 1 to " + SCALE_MAX + ", not " + scale);
    }
  }

  /** Enlarges a PNG file in place. */
  public static void enlarge(Path image, int scale) throws IOException {
    Pixels pixels = ImageReader.read(Files.readAllBytes(image), /* channels= */ 3);
    Files.write(image, Png.encode(Resize.enlarge(pixels, scale)));
  }

  private static ImageSettings settings(Path image) {
    try {
      return ImageSettings.find(SmallFile.read(image))
          .orElseThrow(
              () ->
                  new InvalidInputException(
                      "--from", "--from: " + image + " has no settings of this software"));
    } catch (InvalidInputException e) {
      throw String.valueOf(e.getMessage()).startsWith("--from")
          ? e
          : new InvalidInputException("--from", "--from: " + e.getMessage(), e);
    }
  }

  /** Takes the settings of an image, except where an option is given. */
  private void take(ImageSettings image) {
    initial.take(image);
    solving.take(image);
    if (canvas == null && image.canvas().isPresent()) {
      CanvasRequest.Size size = image.canvas().get().size().orElseThrow();
      canvas = size.width() + "x" + size.height();
      overlap = image.canvas().get().overlap().orElseThrow();
    }
    if (classLabel == null && image.classLabel().isPresent()) {
      classLabel = String.valueOf(image.classLabel().getAsInt());
    }
    Map<String, Boolean> given =
        Map.of(
            "condition", frames.isGiven(),
            "init", initial.hasInit(),
            "mask", inpainting.isPresent());
    for (String input : image.inputs()) {
      if (!given.getOrDefault(input, true)) {
        throw new InvalidInputException(
            "--" + input,
            "--%1$s is missing: %2$s was made with one, which the file does not hold"
                .formatted(input, from));
      }
    }
  }

  private int generate(
      ModelLoader loader, ModelFiles chosen, ModelInfo info, List<SamplingJob.X0> points)
      throws IOException {
    List<SamplingJob.Row> rows = rows(info, points);
    Solver solver = solving.solver(info);
    Guidance guidance = solving.guidance(info);
    double[] ends = solving.alphas(info, chosen.card(), initial.from(), initial.to());
    refuseIf(
        guidance.zeroStar() && (initial.isInverse() || initial.from() > 0),
        "--cfg-zero",
        "leaves out the first steps from noise: it does not go with --invert or --from-alpha");
    double[] alphas = guidance.activeAlphas(ends);
    Optional<Inpainting> plan = inpainting.plan(solver, alphas);
    List<Stage> stages = plan.map(Inpainting::stages).orElseGet(() -> solver.stages(alphas));
    if (plan.isPresent()) {
      rows = withInpainting(rows, info, plan.get());
    }
    Optional<TrajectoryRecorder> recorder =
        trajectory
            ? Optional.of(
                TrajectoryRecorder.record(info, rows, stages.size(), solver.evaluationsPerStep()))
            : Optional.empty();
    SamplingJob job =
        new SamplingJob(
            "generate",
            info,
            rows.stream().map(row -> recorder.map(all -> all.with(row)).orElse(row)).toList(),
            stages,
            label(info, chosen.card()),
            guidance,
            Priority.NORMAL,
            "",
            Optional.empty());
    OutputPaths.folder("--out", out);
    SampleFiles written =
        new SampleFiles(
            out,
            info,
            this::name,
            row -> settings(row, info, solver, ends.length - 1, job.classLabel()));
    if (!json.enabled()) {
      report(info, written);
    }
    float[][] samples = sample(loader, job, written);
    List<String> files = new ArrayList<>(written.finish(samples, scale));
    files.addAll(frames.write(out, info, samples, scale));
    if (recorder.isPresent()) {
      files.addAll(recorder.get().write(out, info, scale));
    }
    String what = initial.isInverse() ? "x0" : rows.size() == 1 ? "image" : "images";
    json.result(
        rows.size()
            + (" " + what + " in " + out)
            + (files.contains(SampleFiles.GRID)
                ? ", all in one: " + out.resolve(SampleFiles.GRID)
                : ""),
        Map.of(
            "model", info.reference(),
            "samples", rows.size(),
            "width", info.width(),
            "height", info.height(),
            "sampler", solver.wireName(),
            "steps", ends.length - 1,
            "schedule", solving.schedule(),
            "out", out.toString(),
            "files", files));
    return 0;
  }

  /** Loading a model takes seconds, in which a terminal would show nothing. */
  private void report(ModelInfo info, SampleFiles files) {
    if (System.console() != null) {
      System.err.println("generating with " + info.reference());
    }
    if (files.replaces()) {
      System.err.println("replacing images in " + out);
    }
    if (!frames.isGiven() && info.conditionChannels() > 0) {
      System.err.println("no --condition: " + info.name() + " draws without one");
    }
  }

  private ImageSettings settings(
      int row, ModelInfo info, Solver solver, int steps, OptionalInt label) {
    List<String> inputs = new ArrayList<>();
    if (frames.isGiven()) {
      inputs.add("condition");
    }
    if (initial.hasInit()) {
      inputs.add("init");
    }
    if (inpainting.isPresent()) {
      inputs.add("mask");
    }
    return new ImageSettings(
        info.reference(),
        initial.seedOfRows(),
        initial.noiseIndex(noiseRow(row)),
        steps,
        solver.wireName(),
        solving.schedule(),
        label,
        solving.guidance(),
        ImageSettings.canvas(info),
        inputs);
  }

  /** The row whose noise a row has: frames may share theirs. */
  private int noiseRow(int row) {
    return frames.shared() ? row % frames.variations() : row;
  }

  private List<SamplingJob.Row> rows(ModelInfo info, List<SamplingJob.X0> points) {
    List<SamplingJob.Condition> conditions = frames.conditions(info, points.size());
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      rows.add(new SamplingJob.Row(i, points.get(noiseRow(i)), conditions.get(i)));
    }
    return rows;
  }

  /** Name of a sample's file, without extension. */
  private String name(int index) {
    return frames
        .frames()
        .map(named -> named.name(index))
        .orElse(String.format(Locale.ROOT, "%05d", index));
  }

  private List<SamplingJob.Row> withInpainting(
      List<SamplingJob.Row> rows, ModelInfo info, Inpainting plan) {
    float[] mask = inpainting.maskValues(info);
    return rows.stream()
        .map(
            row ->
                row.withHook(
                    new InpaintingHook(
                        plan,
                        initial.noise(row.index(), info),
                        initial.image(row.index()),
                        mask,
                        initial.seed(),
                        row.index())))
        .toList();
  }

  private OptionalInt label(ModelInfo info, ModelCard card) {
    OptionalInt label =
        classLabel == null ? OptionalInt.empty() : OptionalInt.of(number(classLabel, card));
    info.checkClassLabel("--class", label);
    return label;
  }

  private static int number(String label, ModelCard card) {
    for (int k = 0; k < card.classes().size(); k++) {
      if (card.classes().get(k).equalsIgnoreCase(label)) {
        return k;
      }
    }
    try {
      return Integer.parseInt(label);
    } catch (NumberFormatException e) {
      String names = String.join(", ", card.classes());
      throw new InvalidInputException(
          "--class",
          "--class must be a number"
              + (names.isEmpty() ? "" : " or one of " + names)
              + ", not "
              + label,
          e);
    }
  }

  private float[][] sample(ModelLoader loader, SamplingJob job, SampleFiles files) {
    int total = job.rows().size();
    AtomicInteger finished = new AtomicInteger();
    Runnable interrupted =
        context.onShutdown(
            () ->
                System.err.println(
                    String.format(
                        Locale.ROOT,
                        "%ninterrupted: %d of %d images are in %s",
                        finished.get(),
                        total,
                        out)));
    try {
      return sample(
          loader,
          job,
          (row, chw) -> {
            files.write(row, chw);
            finished.incrementAndGet();
          });
    } finally {
      interrupted.run(); // removes it
    }
  }

  private interface RowSink {
    void accept(int row, float[] chw);
  }

  /** Samples all rows and returns them in their order, C×H×W each. */
  public static float[][] sample(ModelLoader loader, SamplingJob job) {
    return sample(loader, job, (row, chw) -> {});
  }

  private static float[][] sample(ModelLoader loader, SamplingJob job, RowSink sink) {
    float[][] images = new float[job.rows().size()][];
    CompletableFuture<Void> over = new CompletableFuture<>();
    PassProgress progress =
        new PassProgress((long) images.length * job.stages().size() * job.model().tiles());
    try (StepLoop loop = new StepLoop(loader, StepLoopSettings.of(StepLoopSettings.PASS_DEFAULT))) {
      new CanvasSampler(loop, ForkJoinPool.commonPool())
          .submit(
              job,
              new Sampler.RowListener() {
                private int finished;

                @Override
                public void advanced(int stages) {
                  progress.advanced(stages);
                }

                @Override
                public void finished(int row, float[] chw) {
                  job.model().checkFinite(row, chw);
                  images[row] = chw;
                  try {
                    sink.accept(row, chw); // small images: encoding takes far less than a pass
                  } catch (RuntimeException e) {
                    over.completeExceptionally(e);
                  }
                  if (++finished == images.length) {
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
    return images;
  }
}
