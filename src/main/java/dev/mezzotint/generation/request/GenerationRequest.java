package dev.mezzotint.generation.request;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.delivery.JobRequest;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.Priority;
import dev.mezzotint.job.RequestLimits;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A request to generate images with a model.
 *
 * @param model reference: {@code name}, {@code name@version} or {@code name@latest}
 * @param seeds one per image, from {@code count} and {@code seed}, from {@code seeds}, or from
 *     {@code interpolate}
 * @param steps α intervals; the model's default if empty
 * @param sampler the model's default if empty
 * @param schedule one of {@link #SCHEDULES}: the spacing of α
 * @param condition further input of the network
 * @param classLabel of all images
 * @param guidance weight w of v = v_u + w·(v_c − v_u); 1 is no guidance
 * @param init the image that sampling starts from instead of noise
 * @param mask where {@code init} is to be repainted
 * @param frames of a job whose images are counted by their conditions; {@code seeds} then has only
 *     the seed
 * @param canvas of images that are larger than the model's
 * @param deadline after which the result is not needed
 * @param tenant of the job, for fair scheduling
 */
public record GenerationRequest(
    JobId id,
    String model,
    Seeds seeds,
    OptionalInt steps,
    Optional<Solver> sampler,
    String schedule,
    ConditionRequest condition,
    Optional<FrameRequest> frames,
    OptionalInt classLabel,
    double guidance,
    Optional<Init> init,
    Optional<ImageReference> mask,
    Optional<CanvasRequest> canvas,
    Output output,
    Priority priority,
    Optional<Instant> deadline,
    String tenant)
    implements JobRequest {

  public static final List<String> SAMPLERS =
      Stream.of(Solver.values()).map(Solver::wireName).toList();

  /** Steps as placed for the model. */
  public static final String TUNED = "tuned";

  public static final List<String> SCHEDULES = List.of("uniform", "cosine", TUNED);
  public static final List<String> FORMATS = List.of("png", "safetensors");

  /** Integers up to here are exact in every JSON reader, including those with doubles only. */
  public static final long SEED_MAX = RequestLimits.SEED_MAX;

  static final int CLASS_LABEL_MAX = 1_000_000;
  static final double GUIDANCE_MAX = 100;

  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";
  private static final Pattern MODEL = Pattern.compile(NAME + "(@" + NAME + ")?");

  /**
   * Image-to-image: sampling starts at α with a blend of noise and this image.
   *
   * @param alpha from 0 (only noise) to below 1 (only the image)
   */
  public record Init(ImageReference image, double alpha) {}

  /**
   * @param format one of {@link #FORMATS}
   * @param grid also all images in one
   * @param trajectory also the path of each image from x0, as an animation
   * @param clip also all images one after the other, as an animation
   * @param inline also the files in the terminal event, if they are small
   */
  public record Output(
      String format, boolean grid, boolean trajectory, boolean clip, boolean inline) {
    /**
     * @throws InvalidInputException if a grid of this many images is not allowed
     */
    public void checkGrid(int count, GenerationLimits limits) {
      int max = limits.gridImagesMax();
      refuseIf(grid && count > max, "output.grid", "is for at most %s images, not %s", max, count);
    }
  }

  /**
   * Reads a request and checks each field by itself and against the others.
   *
   * @throws InvalidInputException naming the first field that is missing, unknown, of the wrong
   *     type or out of range
   */
  public static GenerationRequest parse(JsonObject json, GenerationLimits limits) {
    return parse(json, limits, Optional.empty());
  }

  /**
   * As {@link #parse(JsonObject, GenerationLimits)}.
   *
   * @param expiry the deadline of a request without one
   */
  public static GenerationRequest parse(
      JsonObject json, GenerationLimits limits, Optional<Instant> expiry) {
    JobId id = JobId.read(json);
    var unused = limits.webhooks().read(json); // a matter of delivery, checked here
    ConditionRequest condition = ConditionRequest.parse(json, limits);
    GenerationRequest request =
        new GenerationRequest(
            id,
            model(json),
            seeds(json, limits),
            json.optionalInt("steps", 1, limits.stepsMax()),
            json.word("sampler", SAMPLERS).map(Solver::parse),
            json.word("schedule", SCHEDULES).orElse("uniform"),
            condition,
            FrameRequest.parse(json, condition, limits),
            json.optionalInt("classLabel", 0, CLASS_LABEL_MAX),
            json.number("guidance", 0, GUIDANCE_MAX, 1),
            init(json, limits),
            ImageReference.parse(json, "mask", limits),
            CanvasRequest.parse(json, !condition.isEmpty()),
            output(json, json.has("interpolate")),
            Priority.of(json.word("priority", Priority.WIRE_NAMES).orElse("normal")),
            JobRequest.readDeadline(json).or(() -> expiry),
            JobRequest.readTenant(json));
    json.refuseUnknown();
    request.checkTogether(json, limits);
    return request;
  }

  private static String model(JsonObject json) {
    String model = json.requiredString("model");
    if (!MODEL.matcher(model).matches()) {
      throw json.refuse(
          "model",
          "must be a model's name, name@version or name@latest, not " + JsonObject.quote(model));
    }
    return model;
  }

  private static Seeds seeds(JsonObject json, GenerationLimits limits) {
    Optional<JsonObject> ends = json.object("interpolate");
    if (ends.isPresent()) {
      return interpolated(json, ends.get(), limits);
    }
    Optional<List<Long>> listed = json.integers("seeds", limits.imagesMax(), 0, SEED_MAX);
    OptionalLong count = json.integer("count", 1, limits.imagesMax());
    OptionalLong seed = json.integer("seed", 0, SEED_MAX);
    if (listed.isEmpty()) {
      // One image of seed 0 by default: the same request gives the same image.
      return new Seeds.Counted(seed.orElse(0), (int) count.orElse(1));
    }
    if (count.isPresent()) {
      throw json.refuse(
          "count", "must not be given together with seeds, which determines the count");
    }
    json.refuseIf(seed.isPresent(), "seed", "must not be given together with seeds");
    json.refuseIf(listed.get().isEmpty(), "seeds", "must not be an empty list");
    return new Seeds.Listed(listed.get());
  }

  private static Seeds interpolated(JsonObject json, JsonObject ends, GenerationLimits limits) {
    for (String other : List.of("count", "seed", "seeds", "init")) {
      json.refuseIf(json.has(other), other, "must not be given together with interpolate");
    }
    long[] seeds = new long[2];
    for (int i = 0; i < 2; i++) {
      String end = List.of("from", "to").get(i);
      seeds[i] =
          ends.integer(end, 0, SEED_MAX).orElseThrow(() -> ends.refuse(end, "is missing: a seed"));
    }
    OptionalLong frames = ends.integer("frames", 2, limits.imagesMax());
    ends.refuseUnknown();
    return new Seeds.Interpolated(
        seeds[0],
        seeds[1],
        (int) frames.orElseThrow(() -> ends.refuse("frames", "is missing: how many images")));
  }

  private static Optional<Init> init(JsonObject json, GenerationLimits limits) {
    Optional<JsonObject> found = json.object("init");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    JsonObject init = found.get();
    ImageReference image =
        ImageReference.parse(init, "image", limits)
            .orElseThrow(() -> init.refuse("image", "is missing: an image is required"));
    double alpha =
        init.number("alpha", 0, Math.nextDown(1.0))
            .orElseThrow(() -> init.refuse("alpha", "is missing: a number from 0 to below 1"));
    init.refuseUnknown();
    return Optional.of(new Init(image, alpha));
  }

  /**
   * @param clip whether there is a clip unless the request says otherwise
   */
  private static Output output(JsonObject json, boolean clip) {
    JsonObject output = json.object("output").orElse(JsonObject.parse("{}"));
    Output parsed =
        new Output(
            output.word("format", FORMATS).orElse("png"),
            output.bool("grid", false),
            output.bool("trajectory", false),
            output.bool("clip", clip),
            output.bool("inline", false));
    output.refuseUnknown();
    return parsed;
  }

  private void checkTogether(JsonObject json, GenerationLimits limits) {
    int count = seeds.count();
    FrameRequest.check(frames, condition, count);
    if (frames.isPresent() && seeds instanceof Seeds.Interpolated) {
      throw json.refuse("interpolate", "must not be given together with several conditions");
    }
    json.refuseIf(
        mask.isPresent() && init.isEmpty(), "mask", "needs init: the image that it is applied to");
    output.checkGrid(count, limits);
  }
}
