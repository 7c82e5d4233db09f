package dev.mezzotint.generation.input;

import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.generation.request.ImageReference;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.sampling.InpaintingHook;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StageHook;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The pictures that a request names, brought and checked: the other half of a claim check. A
 * picture that several images share is brought once.
 *
 * <p>For one attempt and one thread. Methods throw {@link InvalidInputException} naming the field
 * where the picture is not what the request says or the model takes, and {@link StorageException}
 * where the store is away.
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
   * @param inpainting follows each stage where the request has a mask
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
   * Row {@code index} of a request that is not about frames, with all that it starts from.
   *
   * @param seed of the row's noise
   * @param noiseIndex index within the seed's stream
   */
  public SamplingJob.Row row(int index, long seed, int noiseIndex) {
    return row(index, seed, noiseIndex, condition(index));
  }

  /**
   * Row {@code index} of a request that is about frames.
   *
   * @throws IOException if its condition is not what it should be; one sentence without its name
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
    SamplingJob.X0 start =
        request.init().isEmpty()
            ? new SamplingJob.X0.Seeded(seed, noiseIndex)
            : new SamplingJob.X0.Given(blended(seed, noiseIndex));
    SamplingJob.Row row = new SamplingJob.Row(index, start, condition);
    return inpainting.isEmpty() ? row : row.withHook(painting(inpainting.get(), seed, noiseIndex));
  }

  /** Known pixels go back onto the line from the row's own noise to the request's picture. */
  private StageHook painting(Inpainting painting, long seed, int noiseIndex) {
    float[] known = init();
    if (mask == null) {
      float[] grey = read("mask", request.mask().orElseThrow(), /* channels= */ 1);
      mask = new float[known.length];
      for (int k = 0; k < mask.length; k++) {
        mask[k] = (grey[k % grey.length] + 1) / 2; // white, which is 1, is painted anew
      }
    }
    float[] x0 = new float[known.length];
    Noise.gaussian(seed, noiseIndex, x0, /* offset= */ 0, x0.length);
    return new InpaintingHook(painting, x0, known, mask, new RandomStream(~seed, noiseIndex));
  }

  private float[] init() {
    if (init == null) {
      GenerationRequest.Init given = request.init().orElseThrow();
      init = read("init.image", given.image(), model.channels());
    }
    return init;
  }

  /** x_α = (1−α)·x0 + α·x1 with the seed's noise as x0 and the request's picture as x1. */
  private float[] blended(long seed, int noiseIndex) {
    float[] picture = init();
    if (model.p0().equals(ModelCard.IMAGES)) {
      return picture; // x0 itself
    }
    double alpha = request.init().orElseThrow().alpha();
    float[] x0 = new float[picture.length];
    Noise.gaussian(seed, noiseIndex, x0, /* offset= */ 0, x0.length);
    Iadb.blend(x0, picture, alpha, x0);
    return x0;
  }

  private SamplingJob.Condition condition(int index) {
    return request.condition().isEmpty() && model.condition().isEmpty()
        ? SamplingJob.Condition.NONE
        : conditions.condition(index);
  }

  /** C×H×W in [−1, 1]. */
  private float[] read(String field, ImageReference reference, int channels) {
    Pixels pixels;
    try {
      pixels = ImageReader.read(files.bytes(reference), channels, ImageReader.PIXELS_MAX_DEFAULT);
    } catch (IOException e) {
      throw new InvalidInputException(field, field + ": " + e.getMessage(), e);
    }
    if (pixels.width() != model.width() || pixels.height() != model.height()) {
      throw new InvalidInputException(
          field,
          "%s is %dx%d pixels: model %s takes %dx%d"
              .formatted(
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
