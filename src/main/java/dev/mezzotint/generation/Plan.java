package dev.mezzotint.generation;

import dev.mezzotint.delivery.GeneratedImages;
import dev.mezzotint.generation.input.Frames;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.image.Apng;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.Trajectory;
import dev.mezzotint.storage.Keys;
import java.util.List;
import java.util.Optional;

/**
 * A request together with the model it got: every default filled in.
 *
 * @param inpainting what follows each stage where a mask is given
 * @param stages of each row: from α = 0, or from the α of {@code init}, to 1
 * @param frames of a request that is about frames, once somebody has looked what there is
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

  /** How often inpainting takes each step again: enough for the two parts to find together. */
  public static final int INPAINTING_REPEATS = 2;

  /** A grid is made in memory, 3 bytes a pixel. */
  static final long GRID_PIXELS_MAX = 1L << 24;

  /** Frames stand in memory until their picture is finished: 4 bytes each. */
  static final long FRAME_VALUES_MAX = 1L << 26;

  /**
   * @throws InvalidInputException naming the field that does not go with this model
   */
  static Plan of(GenerationRequest request, ModelInfo model, GenerationLimits limits) {
    if (model.channels() != 1 && model.channels() != 3) {
      throw new InvalidInputException(
          "model",
          "model "
              + model.reference()
              + (" gives " + model.channels() + " channels, a picture has 1 or 3"));
    }
    checkClassLabel(request, model);
    if (model.conditionChannels() == 0 && !request.condition().isEmpty()) {
      throw new InvalidInputException(
          "condition", "condition is not for model " + model.reference() + ", which takes none");
    }
    request.condition().sourcesFor(model); // refuses what does not fit
    Solver sampler = request.sampler().orElse(model.sampler());
    int steps = request.steps().orElse(model.steps());
    checkStart(request, model);
    checkGuidance(request, model);
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
   * With the frames that there turned out to be.
   *
   * @throws InvalidInputException if they are too many
   */
  Plan of(Frames found, GenerationLimits limits) {
    long count = (long) found.frames().size() * found.variations();
    if (count > limits.imagesMax()) {
      throw new InvalidInputException(
          "variations",
          "variations: %d of %d conditions are %d pictures, at most %d are allowed"
              .formatted(found.variations(), found.frames().size(), count, limits.imagesMax()));
    }
    Plan plan =
        new Plan(request, model, sampler, steps, schedule, inpainting, stages, Optional.of(found));
    plan.checkSize(limits);
    return plan;
  }

  /** Refuses what would take more time or memory than a job may. */
  private void checkSize(GenerationLimits limits) {
    checkEvaluations(limits);
    GenerationRequest.Output output = request.output();
    int count = count();
    if (output.grid() && count > limits.gridImagesMax()) {
      throw new InvalidInputException(
          "output.grid",
          "output.grid is for at most " + limits.gridImagesMax() + " images, not " + count);
    }
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
          "output.trajectory has no room for so many pictures: at most "
              + FRAME_VALUES_MAX / (frames * model.channels() * model.height() * model.width())
              + " of this size");
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
    long evaluations = count() * (turns * directions * steps * sampler.evaluationsPerStep());
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

  /** A model between two sets of pictures begins at one of them, all others at noise. */
  private static void checkStart(GenerationRequest request, ModelInfo model) {
    if (model.p0().equals(ModelCard.GAUSSIAN)) {
      return;
    }
    if (!model.p0().equals(ModelCard.IMAGES)) {
      throw new InvalidInputException(
          "model",
          "model "
              + model.reference()
              + " begins at "
              + model.p0()
              + ": a worker has Gaussian noise only");
    }
    if (request.init().map(GenerationRequest.Init::alpha).orElse(1.0) != 0) {
      throw new InvalidInputException(
          "init",
          "init with alpha 0 is missing: model "
              + model.reference()
              + " goes from pictures to pictures");
    }
    if (request.mask().isPresent()) {
      throw new InvalidInputException(
          "mask", "mask is not for model " + model.reference() + ", which begins at a picture");
    }
  }

  private static void checkGuidance(GenerationRequest request, ModelInfo model) {
    if (request.guidance() != 1 && model.unguided().isEmpty()) {
      throw new InvalidInputException(
          "guidance",
          "guidance other than 1 needs a model that was also trained without classes or"
              + " conditions; model "
              + model.reference()
              + " was not");
    }
  }

  private static void checkClassLabel(GenerationRequest request, ModelInfo model) {
    if (model.classes().isEmpty()) {
      if (request.classLabel().isPresent()) {
        throw new InvalidInputException(
            "classLabel",
            "classLabel is not for model " + model.reference() + ", which knows no classes");
      }
      return;
    }
    int classes = model.classes().getAsInt();
    int label =
        request
            .classLabel()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "classLabel",
                        "classLabel is missing: model "
                            + (model.reference() + " needs one from 0 to " + (classes - 1))));
    if (label >= classes) {
      throw new InvalidInputException(
          "classLabel",
          "classLabel must be from 0 to "
              + (classes - 1)
              + (" for model " + model.reference() + ", not " + label));
    }
  }

  /** Images of the job. */
  int count() {
    return frames.map(Frames::count).orElse(request.seeds().count());
  }

  /** Seed of the noise that an image begins as. */
  long seed(int index) {
    return frames.isPresent() ? request.seeds().seed(0) : request.seeds().seed(index);
  }

  /** Where in its seed's stream the noise of an image stands. */
  int noiseIndex(int index) {
    return frames.map(all -> all.noiseIndex(index)).orElse(request.seeds().index(index));
  }

  /** Where an image belongs in the bucket. */
  String key(int index) {
    String id = request.id().value();
    return frames
        .map(all -> Keys.frame(id, all.name(index)))
        .orElseGet(() -> Keys.image(id, index));
  }

  /** Evaluations of all rows together, one a stage. */
  long stagesTotal() {
    return (long) count() * stages.size();
  }

  GeneratedImages.Settings settings() {
    return new GeneratedImages.Settings(
        model.reference(), sampler.wireName(), steps, request.schedule(), request.classLabel());
  }

  /**
   * Some of the job's rows.
   *
   * @param rows what each starts from
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
