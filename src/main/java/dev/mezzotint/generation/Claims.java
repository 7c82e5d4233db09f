package dev.mezzotint.generation;

import dev.mezzotint.iadb.Draws;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The pictures that a request names, brought and checked: the other half of a claim check. A
 * picture that several images share is brought once.
 *
 * <p>For one attempt and one thread. Methods throw {@link InvalidInputException} naming the field
 * where the picture is not what the request says or the model takes, and {@link StorageException}
 * where the store is away.
 */
final class Claims {
  private final ClaimedFiles files;
  private final Plan plan;
  private final ConditionInputs conditions;
  private Frames.@Nullable Frame lastFrame;
  private SamplingJob.Condition lastCondition = SamplingJob.Condition.NONE; // of lastFrame
  private float @Nullable [] init;
  private float @Nullable [] mask;

  /**
   * @param conditions closed by the caller
   */
  Claims(ClaimedFiles files, Plan plan, ConditionInputs conditions) {
    this.files = files;
    this.plan = plan;
    this.conditions = conditions;
  }

  /** Row {@code index} of a request that is not about frames, with all that it starts from. */
  SamplingJob.Row row(int index) {
    return row(index, condition(index));
  }

  /**
   * Row {@code index} of a request that is about frames.
   *
   * @throws IOException if its condition is not what it should be; one sentence without its name
   */
  SamplingJob.Row frame(int index, Frames frames) throws IOException {
    Frames.Frame frame = frames.frame(index);
    if (!frame.equals(lastFrame)) {
      lastFrame = null;
      lastCondition = conditions.condition(frame);
      lastFrame = frame;
    }
    return row(index, lastCondition);
  }

  private SamplingJob.Row row(int index, SamplingJob.Condition condition) {
    long seed = plan.seed(index);
    int noiseIndex = plan.noiseIndex(index);
    SamplingJob.X0 start =
        plan.request().init().isEmpty()
            ? new SamplingJob.X0.Seeded(seed, noiseIndex)
            : new SamplingJob.X0.Given(blended(seed, noiseIndex));
    SamplingJob.Row row = new SamplingJob.Row(index, start, condition);
    return plan.painting().isEmpty()
        ? row
        : row.with(painting(plan.painting().get(), seed, noiseIndex));
  }

  /** Known pixels go back onto the line from the row's own noise to the request's picture. */
  private Interlude painting(Inpainting painting, long seed, int noiseIndex) {
    float[] known = init();
    if (mask == null) {
      float[] grey = read("mask", plan.request().mask().orElseThrow(), /* channels= */ 1);
      mask = new float[known.length];
      for (int k = 0; k < mask.length; k++) {
        mask[k] = (grey[k % grey.length] + 1) / 2; // white, which is 1, is painted anew
      }
    }
    float[] x0 = new float[known.length];
    Noise.gaussian(seed, noiseIndex, x0, /* offset= */ 0, x0.length);
    return new Painting(painting, x0, known, mask, new Draws(~seed, noiseIndex));
  }

  private float[] init() {
    if (init == null) {
      GenerationRequest.Init given = plan.request().init().orElseThrow();
      init = read("init.image", given.image(), plan.model().channels());
    }
    return init;
  }

  /** x_α = (1−α)·x0 + α·x1 with the seed's noise as x0 and the request's picture as x1. */
  private float[] blended(long seed, int noiseIndex) {
    float[] picture = init();
    if (plan.model().p0().equals(ModelCard.PICTURES)) {
      return picture; // x0 itself
    }
    double alpha = plan.request().init().orElseThrow().alpha();
    float[] x0 = new float[picture.length];
    Noise.gaussian(seed, noiseIndex, x0, /* offset= */ 0, x0.length);
    Iadb.blend(x0, picture, alpha, x0);
    return x0;
  }

  private SamplingJob.Condition condition(int index) {
    return plan.request().condition().isEmpty() && plan.model().condition().isEmpty()
        ? SamplingJob.Condition.NONE
        : conditions.condition(index);
  }

  /** C×H×W in [−1, 1]. */
  private float[] read(String field, ImageReference reference, int channels) {
    ModelInfo model = plan.model();
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
