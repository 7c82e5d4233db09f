package dev.mezzotint.cli;

import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import java.io.IOException;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: runs the worker's step loop in this process, without broker or store. */
@Command(
    name = "generate",
    description = "Generate images in this process: 00000.png..., grid.png, samples.safetensors.",
    footer = {
      "",
      "Examples:",
      "  generate --model avatars-32 --count 16 --seed 7 --out images",
      "  generate --model avatars-32 --interpolate 3..7 --count 12 --out between",
      "  generate --model avatars-32 --init face.png --from-alpha 0.5 --count 8 --out like-it",
      "  generate --model avatars-32 --init face.png --mask mask.png --count 8 --out painted",
      "  generate --model avatars-32 --init faces --invert --steps 128 --out x0",
      "  generate --model triangle-square-2d --count 4000 --trajectory --out points",
      "  generate --model my-unet --x0 noise.safetensors:x --steps 8 --sampler euler --out y"
    })
public final class GenerateCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private InitialStateOptions initial = new InitialStateOptions();

  @Mixin private SolverOptions solving = new SolverOptions();

  @Mixin private FrameOptions frames = new FrameOptions();

  @Option(names = "--class", paramLabel = "K", description = "Class label of all images.")
  private @Nullable Integer classLabel;

  @Option(
      names = "--trajectory",
      description = "Also write trajectory.png, an animation of the path from x0 to x1.")
  private boolean trajectory;

  @Mixin private InpaintingOptions inpainting = new InpaintingOptions();

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where to write.")
  private Path out = Path.of("");

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public GenerateCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    Optional<Tensor> noise = initial.given();
    ModelFiles files = context.model(model.reference);
    ModelLoader loader = ModelResolver.of(context.device(model.device), files);
    ModelInfo info =
        noise
            .map(x0 -> ModelInfo.of(files, (int) x0.shape()[2], (int) x0.shape()[3]))
            .orElseGet(() -> ModelInfo.of(files));
    try {
      frames.open(info);
      frames.frames().ifPresent(named -> initial.expect(named, frames.shared()));
      return generate(
          loader, files, info, initial.points(info, files, noise, inpainting.isPresent()));
    } finally {
      frames.close();
    }
  }

  private int generate(
      ModelLoader loader, ModelFiles chosen, ModelInfo info, List<SamplingJob.X0> points)
      throws IOException {
    List<SamplingJob.Row> rows = rows(info, points);
    Solver solver = solving.solver(info);
    Guidance guidance = solving.guidance(info);
    double[] ends = solving.alphas(info, chosen.card(), initial.from(), initial.to());
    if (guidance.zeroStar() && (initial.isInverse() || initial.from() > 0)) {
      throw new InvalidInputException(
          "--cfg-zero",
          "--cfg-zero leaves out the first steps from noise: it does not go with --invert or"
              + " --from-alpha");
    }
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
            label(info),
            guidance,
            Priority.NORMAL,
            "",
            Optional.empty());
    OutputPaths.folder("--out", out);
    float[][] samples = sample(loader, job);
    List<String> files = new ArrayList<>(SampleFiles.write(out, info, samples, this::name));
    files.addAll(frames.write(out, info, samples));
    if (recorder.isPresent()) {
      files.add(recorder.get().write(out, info));
    }
    json.status(
        rows.size() + (initial.isInverse() ? " x0: " : " samples: ") + out,
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

  private List<SamplingJob.Row> rows(ModelInfo info, List<SamplingJob.X0> points) {
    List<SamplingJob.Condition> conditions = frames.conditions(info, points.size());
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      int start = frames.shared() ? i % frames.variations() : i;
      rows.add(new SamplingJob.Row(i, points.get(start), conditions.get(i)));
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

  private OptionalInt label(ModelInfo info) {
    OptionalInt label = classLabel == null ? OptionalInt.empty() : OptionalInt.of(classLabel);
    info.checkClassLabel("--class", label);
    return label;
  }

  /** Samples all rows and returns them in their order, C×H×W each. */
  public static float[][] sample(ModelLoader loader, SamplingJob job) {
    float[][] images = new float[job.rows().size()][];
    CompletableFuture<Void> over = new CompletableFuture<>();
    PassProgress progress = new PassProgress((long) images.length * job.stages().size());
    try (StepLoop loop = new StepLoop(loader, StepLoopSettings.of(StepLoopSettings.PASS_DEFAULT))) {
      loop.submit(
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
