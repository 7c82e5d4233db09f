package dev.mezzotint.generation;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.Seeds;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.Apng;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.Engine;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.Trajectory;
import dev.mezzotint.storage.Keys;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A validated request with its model and all defaults applied.
 *
 * @param inpainting runs after each stage if there is a mask
 * @param stages of each row: from α = 0, or from the α of {@code init}, to 1
 * @param frames of a request for frames, once its sources have been listed
 */
public record Plan(
    GenerationRequest request,
    ModelInfo model,
    Solver sampler,
    int steps,
    AlphaSchedule schedule,
    Optional<Inpainting> inpainting,
    List<Stage> stages,
    Optional<Frames> frames) {

  /** Repetitions of each step in inpainting: enough to harmonize the two parts of the image. */
  public static final int INPAINTING_REPEATS = 2;

  /** A grid is built in memory, 3 bytes a pixel. */
  static final long GRID_PIXELS_MAX = 1L << 24;

  /** Trajectories are in memory until their image is finished, 4 bytes a value. */
  static final long FRAME_VALUES_MAX = 1L << 26;

  /**
   * @throws InvalidInputException naming the field that the model does not support
   */
  static Plan of(GenerationRequest request, ModelInfo model, GenerationLimits limits) {
    if (model.channels() != 1 && model.channels() != 3) {
      throw new InvalidInputException(
          "model",
          "model "
              + model.reference()
              + (" makes " + model.channels() + " channels, an image has 1 or 3"));
    }
    model.checkClassLabel("classLabel", request.classLabel());
    if (model.conditionChannels() == 0 && !request.condition().isEmpty()) {
      throw new InvalidInputException(
          "condition", "condition is not for model " + model.reference() + ", which takes none");
    }
    request.condition().sourcesFor(model); // refuses what does not fit
    Solver sampler = request.sampler().orElse(model.sampler());
    int steps = request.steps().orElse(model.steps());
    checkStart(request, model);
    if (request.guidance() != 1) {
      model.checkGuidable("guidance");
    }
    AlphaSchedule schedule = schedule(request, model, steps);
    double from = request.init().map(GenerationRequest.Init::alpha).orElse(0.0);
    double[] alphas = schedule.alphas(steps, from, 1);
    Optional<Inpainting> painting =
        request.mask().map(mask -> Inpainting.of(sampler, alphas, INPAINTING_REPEATS));
    List<Stage> stages = painting.map(Inpainting::stages).orElseGet(() -> sampler.stages(alphas));
    Plan plan =
        new Plan(request, model, sampler, steps, schedule, painting, stages, Optional.empty());
    if (request.frames().isEmpty()) {
      plan.checkSize(limits);
    }
    return plan;
  }

  /**
   * The same plan with its frames.
   *
   * @throws InvalidInputException if they are too many
   */
  Plan withFrames(Frames found, GenerationLimits limits) {
    long count = (long) found.frames().size() * found.variations();
    if (count > limits.imagesMax()) {
      throw new InvalidInputException(
          "variations",
          String.format(
              Locale.ROOT,
              "variations: %d of %d conditions are %d images, at most %d are allowed",
              found.variations(),
              found.frames().size(),
              count,
              limits.imagesMax()));
    }
    Plan plan =
        new Plan(request, model, sampler, steps, schedule, inpainting, stages, Optional.of(found));
    plan.checkSize(limits);
    return plan;
  }

  /** Refuses plans that take more time or memory than a job may. */
  private void checkSize(GenerationLimits limits) {
    checkEvaluations(limits);
    GenerationRequest.Output output = request.output();
    int count = count();
    output.checkGrid(count, limits);
    long pixels = (long) count * model.height() * model.width();
    checkPixels("output.grid", output.grid(), pixels);
    checkPixels("output.clip", output.clip(), pixels);
    if (output.clip() && count > Apng.FRAMES_MAX) {
      throw new InvalidInputException(
          "output.clip", "output.clip is for at most " + Apng.FRAMES_MAX + " images, not " + count);
    }
    long frames = Math.min(Trajectory.FRAMES_MAX, steps + 1L);
    if (output.trajectory() && pixels * model.channels() * frames > FRAME_VALUES_MAX) {
      throw new InvalidInputException(
          "output.trajectory",
          "output.trajectory has too many images: at most "
              + FRAME_VALUES_MAX / (frames * model.values())
              + " of this size are allowed");
    }
  }

  private static void checkPixels(String field, boolean asked, long pixels) {
    if (asked && pixels > GRID_PIXELS_MAX) {
      throw new InvalidInputException(
          field, field + " would have " + pixels + " pixels, at most " + GRID_PIXELS_MAX + " may");
    }
  }

  private void checkEvaluations(GenerationLimits limits) {
    long turns = request.mask().isPresent() ? 1 + INPAINTING_REPEATS : 1;
    long directions = request.guidance() == 1 ? 1 : 2;
    long stage = (long) count() * model.tiles();
    long evaluations = stage * (turns * directions * steps * sampler.evaluationsPerStep());
    if (evaluations > limits.evaluationsMax()) {
      throw new InvalidInputException(
          "steps",
          "steps "
              + steps
              + (" with sampler " + sampler.wireName() + " for " + count())
              + (" images takes " + evaluations + " evaluations of the network, at most ")
              + (limits.evaluationsMax() + " are allowed"));
    }
  }

  private static AlphaSchedule schedule(GenerationRequest request, ModelInfo model, int steps) {
    if (!request.schedule().equals(GenerationRequest.TUNED)) {
      return AlphaSchedule.parse(request.schedule());
    }
    return model.tuned().stream()
        .filter(placed -> placed.steps() == steps)
        .map(placed -> AlphaSchedule.listed(placed.alphas()))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidInputException(
                    "schedule",
                    "schedule is tuned, but model "
                        + model.reference()
                        + (" has no placement of " + steps + " steps, only of ")
                        + model.tuned().stream().map(ModelCard.TunedSteps::steps).toList()));
  }

  /** Models between two sets of images start from an image, all others from noise. */
  private static void checkStart(GenerationRequest request, ModelInfo model) {
    if (model.p0().equals(ModelCard.GAUSSIAN)) {
      return;
    }
    refuseIf(
        !model.p0().equals(ModelCard.IMAGES),
        "model",
        "%s starts from %s: a worker has only Gaussian noise",
        model.reference(),
        model.p0());
    refuseIf(
        request.init().map(GenerationRequest.Init::alpha).orElse(1.0) != 0,
        "init",
        "with alpha 0 is missing: model %s goes from images to images",
        model.reference());
    if (request.mask().isPresent()) {
      throw new InvalidInputException(
          "mask", "mask is not for model " + model.reference() + ", which starts from an image");
    }
  }

  int count() {
    return frames.map(Frames::count).orElse(request.seeds().count());
  }

  long seed(int index) {
    return frames.isPresent() ? request.seeds().seed(0) : request.seeds().seed(index);
  }

  /** Index of an image's noise within its seed's stream. */
  int noiseIndex(int index) {
    return frames.map(all -> all.noiseIndex(index)).orElse(request.seeds().index(index));
  }

  String key(int index) {
    String id = request.id().value();
    return frames
        .map(all -> Keys.frame(id, all.name(index)))
        .orElseGet(() -> Keys.image(id, index));
  }

  /** Evaluations of an image: one for each stage and tile. */
  int evaluations() {
    return Math.multiplyExact(stages.size(), model.tiles());
  }

  /** Evaluations of all images together. */
  long evaluationsTotal() {
    return (long) count() * evaluations();
  }

  GeneratedImages.Settings settings() {
    return new GeneratedImages.Settings(
        model.reference(),
        model.engine().map(Engine::wireName),
        sampler.wireName(),
        steps,
        request.schedule(),
        request.classLabel(),
        request.seeds() instanceof Seeds.Interpolated between
            ? Optional.of(new GeneratedImages.Interpolation(between.from(), between.to()))
            : Optional.empty());
  }

  /**
   * A submission of some of the job's rows.
   *
   * @param rows with their inputs
   */
  SamplingJob job(List<SamplingJob.Row> rows) {
    return new SamplingJob(
        request.id().value(),
        model,
        rows,
        stages,
        request.classLabel(),
        new Guidance(request.guidance(), /* zeroStar= */ false),
        request.priority(),
        request.tenant(),
        request.deadline());
  }
}
