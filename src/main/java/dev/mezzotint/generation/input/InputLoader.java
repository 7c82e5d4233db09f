package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.generation.request.Seeds;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Loads and validates the input images of a request and makes the rows that start from them. An
 * image that several rows share is loaded once.
 *
 * <p>For one attempt and one thread. Methods throw {@link InvalidInputException} naming the field
 * where an image is not what the request says or the model takes, and {@link
 * dev.mezzotint.storage.StorageException} where the store is unavailable.
 */
public final class InputLoader {
  private final InputFetcher files;
  private final GenerationRequest request;
  private final ModelInfo model;
  private final Optional<Inpainting> inpainting;
  private final ConditionInputs conditions;
  private Frames.@Nullable Frame lastFrame;
  private SamplingJob.Condition lastCondition = SamplingJob.Condition.NONE; // of lastFrame
  private float @Nullable [] init;
  private float @Nullable [] mask;

  /**
   * @param inpainting runs after each stage where the request has a mask
   * @param conditions closed by the caller
   */
  public InputLoader(
      InputFetcher files,
      GenerationRequest request,
      ModelInfo model,
      Optional<Inpainting> inpainting,
      ConditionInputs conditions) {
    this.files = files;
    this.request = request;
    this.model = model;
    this.inpainting = inpainting;
    this.conditions = conditions;
  }

  /**
   * Row {@code index} of a request without frames.
   *
   * @param seed of the row's noise
   * @param noiseIndex index within the seed's stream
   */
  public SamplingJob.Row row(int index, long seed, int noiseIndex) {
    boolean none = request.condition().isEmpty() && model.condition().isEmpty();
    return row(
        index, seed, noiseIndex, none ? SamplingJob.Condition.NONE : conditions.condition(index));
  }

  /**
   * Row {@code index} of a request with frames.
   *
   * @throws IOException if its condition is invalid; one sentence without its name
   */
  public SamplingJob.Row frame(int index, long seed, int noiseIndex, Frames frames)
      throws IOException {
    Frames.Frame frame = frames.frame(index);
    if (!frame.equals(lastFrame)) {
      lastFrame = null;
      lastCondition = conditions.condition(frame);
      lastFrame = frame;
    }
    return row(index, seed, noiseIndex, lastCondition);
  }

  private SamplingJob.Row row(
      int index, long seed, int noiseIndex, SamplingJob.Condition condition) {
    SamplingJob.Row row = new SamplingJob.Row(index, start(index, seed, noiseIndex), condition);
    return inpainting.isEmpty() ? row : row.withHook(hook(inpainting.get(), seed, noiseIndex));
  }

  private SamplingJob.X0 start(int index, long seed, int noiseIndex) {
    if (request.seeds() instanceof Seeds.Interpolated between) {
      float[] from = noise(between.from(), /* noiseIndex= */ 0);
      float[] to = noise(between.to(), /* noiseIndex= */ 0);
      Noise.slerp(from, to, between.share(index), from);
      return new SamplingJob.X0.Given(from);
    }
    return request.init().isEmpty()
        ? SamplingJob.X0.noise(model, seed, noiseIndex)
        : new SamplingJob.X0.Given(blended(seed, noiseIndex));
  }

  private InpaintingHook hook(Inpainting plan, long seed, int noiseIndex) {
    float[] known = init();
    if (mask == null) {
      float[] grey = read("mask", request.mask().orElseThrow(), /* channels= */ 1);
      mask = InpaintingHook.mask(grey, model.channels());
    }
    return new InpaintingHook(plan, noise(seed, noiseIndex), known, mask, seed, noiseIndex);
  }

  private float[] noise(long seed, int noiseIndex) {
    return SamplingJob.X0.noise(model, seed, noiseIndex).toFloats(model);
  }

  private float[] init() {
    if (init == null) {
      init = read("init.image", request.init().orElseThrow().image(), model.channels());
    }
    return init;
  }

  /** x_α = (1−α)·x0 + α·x1 with the seed's noise as x0 and the request's image as x1. */
  private float[] blended(long seed, int noiseIndex) {
    float[] image = init();
    if (model.p0().equals(ModelCard.IMAGES)) {
      return image; // x0 itself
    }
    float[] x0 = noise(seed, noiseIndex);
    Iadb.blend(x0, image, request.init().orElseThrow().alpha(), x0);
    return x0;
  }

  /** C×H×W in [−1, 1]. */
  private float[] read(String field, ImageReference reference, int channels) {
    Pixels pixels;
    try {
      pixels = ImageReader.read(files.bytes(reference), channels, ImageReader.PIXELS_MAX_DEFAULT);
    } catch (IOException e) {
      throw new InvalidInputException(field, field + ": " + InputFetcher.reason(reference, e), e);
    }
    if (pixels.width() != model.width() || pixels.height() != model.height()) {
      throw new InvalidInputException(
          field,
          String.format(
              Locale.ROOT,
              "%s is %dx%d pixels: model %s takes %dx%d",
              field,
              pixels.width(),
              pixels.height(),
              model.reference(),
              model.width(),
              model.height()));
    }
    float[] chw = new float[channels * pixels.width() * pixels.height()];
    pixels.toChw(chw, /* offset= */ 0);
    return chw;
  }
}
