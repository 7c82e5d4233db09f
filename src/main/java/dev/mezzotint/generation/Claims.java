package dev.mezzotint.generation;

import dev.mezzotint.delivery.Digest;
import dev.mezzotint.iadb.Draws;
import dev.mezzotint.iadb.Iadb;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.storage.ObjectStore;
import dev.mezzotint.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
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
  private final ObjectStore store;
  private final Plan plan;
  private final int bytesMax;
  private float @Nullable [] sharedCondition;
  private float @Nullable [] init;
  private float @Nullable [] mask;

  /**
   * @param bytesMax size of a picture's file
   */
  Claims(ObjectStore store, Plan plan, int bytesMax) {
    this.store = store;
    this.plan = plan;
    this.bytesMax = bytesMax;
  }

  /** Row {@code index} with all that it starts from. */
  SamplingJob.Row row(int index) {
    Seeds seeds = plan.request().seeds();
    long seed = seeds.seed(index);
    int noiseIndex = seeds.index(index);
    SamplingJob.X0 start =
        plan.request().init().isEmpty()
            ? new SamplingJob.X0.Seeded(seed, noiseIndex)
            : new SamplingJob.X0.Given(blended(seed, noiseIndex));
    SamplingJob.Row row = new SamplingJob.Row(index, start, condition(index));
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

  private float[] condition(int index) {
    List<ImageReference> given = plan.request().condition();
    if (given.isEmpty()) {
      return new float[0];
    }
    if (given.size() > 1) {
      return conditionRead("condition[" + index + "]", given.get(index));
    }
    if (sharedCondition == null) {
      sharedCondition = conditionRead("condition", given.get(0));
    }
    return sharedCondition;
  }

  /** K×H×W, as the model's card says. */
  private float[] conditionRead(String field, ImageReference reference) {
    ModelInfo model = plan.model();
    byte[] file = bytes(field, reference);
    float[] channels = new float[model.conditionChannels() * model.height() * model.width()];
    try {
      ConditionPicture.read(
          ConditionPicture.part(model).orElseThrow(), model, file, channels, /* offset= */ 0);
    } catch (IOException e) {
      throw new InvalidInputException(field, field + " " + e.getMessage(), e);
    }
    return channels;
  }

  /** C×H×W in [−1, 1]. */
  private float[] read(String field, ImageReference reference, int channels) {
    byte[] file = bytes(field, reference);
    ModelInfo model = plan.model();
    Pixels pixels;
    try {
      pixels = ImageReader.read(file, channels, ImageReader.PIXELS_MAX_DEFAULT);
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

  private byte[] bytes(String field, ImageReference reference) {
    if (reference instanceof ImageReference.Inline inline) {
      return inline.bytes();
    }
    ImageReference.Stored stored = (ImageReference.Stored) reference;
    byte[] bytes = fetch(field, stored.key());
    if (stored.size().isPresent() && stored.size().getAsLong() != bytes.length) {
      throw new InvalidInputException(
          field,
          "%s: object %s has %d bytes, not the %d that the request says"
              .formatted(field, stored.key(), bytes.length, stored.size().getAsLong()));
    }
    if (stored.sha256().isPresent()) {
      String found = Digest.sha256(bytes);
      if (!found.equals(stored.sha256().get())) {
        throw new InvalidInputException(
            field,
            "%s: object %s has SHA-256 %s, not the %s that the request says"
                .formatted(field, stored.key(), found, stored.sha256().get()));
      }
    }
    return bytes;
  }

  private byte[] fetch(String field, String key) {
    try (InputStream in =
        store
            .open(key)
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        field, field + ": there is no object " + key + " in the bucket"))) {
      byte[] bytes = in.readNBytes(bytesMax + 1);
      if (bytes.length > bytesMax) {
        throw new InvalidInputException(
            field, field + ": object " + key + " has more than the " + bytesMax + " bytes allowed");
      }
      return bytes;
    } catch (IOException e) {
      throw new StorageException(key + " broke off while it was read", e);
    }
  }
}
