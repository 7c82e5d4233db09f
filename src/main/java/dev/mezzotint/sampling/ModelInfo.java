package dev.mezzotint.sampling;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ConditionPart;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.model.ModelFiles;
import dev.mezzotint.model.NetworkConfig;
import dev.mezzotint.model.UNetConfig;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.UnconditionalInput;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A resolved model, as jobs need to know it.
 *
 * @param version to which {@code name} or {@code name@latest} resolves now
 * @param channels of an image: 1 grey, 3 colour
 * @param height of an image in pixels; of the canvas, where there is one
 * @param width of an image in pixels; of the canvas, where there is one
 * @param classes number of class labels; empty if the model was trained without
 * @param condition what the network takes after the image's own channels, in order, as on the card;
 *     empty for none
 * @param steps default
 * @param sampler default
 * @param nullClass the label for no class; empty for a model that cannot be guided by class
 * @param p0 the distribution of x0, as on the card
 * @param tuned steps placed for this model
 * @param engine that evaluates the network; empty for the device's own
 * @param canvas whose tiles have the size of the model's images; empty for images of that size
 */
public record ModelInfo(
    String name,
    String version,
    int channels,
    int height,
    int width,
    OptionalInt classes,
    List<ConditionPart> condition,
    int steps,
    Solver sampler,
    OptionalInt nullClass,
    String p0,
    List<ModelCard.TunedSteps> tuned,
    Optional<Engine> engine,
    Optional<Canvas> canvas) {

  private static final int STEPS_DEFAULT = 32;
  private static final int SIDE_MAX = 4096;

  public ModelInfo {
    condition = List.copyOf(condition);
    tuned = List.copyOf(tuned);
  }

  /** Number of class labels, the null class not counted; 0 for a model without classes. */
  public int labels() {
    int all = classes.orElse(0);
    return nullClass.isPresent() && nullClass.getAsInt() == all - 1 ? all - 1 : all;
  }

  /**
   * A model at its own image size.
   *
   * @throws InvalidInputException if it has none, or cannot be sampled
   */
  public static ModelInfo of(ModelFiles files) {
    NetworkConfig config = files.config();
    int height =
        config
            .sampleSize()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "model", "model " + files.name() + " has no sample_size in config.json"));
    return of(files, "sample_size", height, config.sampleWidth().orElse(height));
  }

  /** A model at another image size than its own. */
  public static ModelInfo of(ModelFiles files, int height, int width) {
    return of(files, "size", height, width);
  }

  private static ModelInfo of(ModelFiles files, String field, int height, int width) {
    NetworkConfig config = files.config();
    int multiple = config.sizeMultiple();
    int largest = Math.min(SIDE_MAX, config.sizeMax());
    for (int side : new int[] {height, width}) {
      if (side < multiple || side > largest || side % multiple != 0) {
        throw new InvalidInputException(
            field,
            String.format(
                Locale.ROOT,
                "%s is %dx%d: model %s makes images whose sides are multiples of %d up to %d",
                field,
                height,
                width,
                files.name(),
                multiple,
                largest));
      }
    }
    refuseIf(
        config.conditionChannels() < 0,
        "model",
        "%s has more out_channels than in_channels: it cannot be sampled",
        files.name());
    ModelCard card = files.card();
    return new ModelInfo(
        files.name(),
        files.version(),
        config.outChannels(),
        height,
        width,
        config.classEmbedType() == UNetConfig.ClassEmbedding.NONE
            ? OptionalInt.empty()
            : OptionalInt.of(config.numClassEmbeds().orElse(Integer.MAX_VALUE)),
        card.condition(),
        card.steps().orElse(STEPS_DEFAULT),
        sampler(files),
        card.nullClass(),
        card.p0(),
        card.tuned(),
        /* engine= */ Optional.empty(),
        /* canvas= */ Optional.empty());
  }

  private static Solver sampler(ModelFiles files) {
    try {
      return files.card().sampler().map(Solver::parse).orElse(Solver.AB2);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "model", "the card of model " + files.name() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Refuses NaN and infinity, which would silently become black and which a retry would yield
   * again.
   *
   * @param chw an image as the network made it
   * @throws InvalidInputException if a value is not finite
   */
  public void checkFinite(int image, float[] chw) {
    for (float value : chw) {
      if (!Float.isFinite(value)) {
        throw new InvalidInputException(
            "model",
            String.format(
                Locale.ROOT,
                "model %s gave a value that is not a number in image %d with these steps and"
                    + " sampler",
                reference(),
                image));
      }
    }
  }

  /**
   * @param field of the label, for the exception
   * @throws InvalidInputException unless there is a valid label exactly if the model has classes
   */
  public void checkClassLabel(String field, OptionalInt label) {
    if (classes.isEmpty()) {
      refuseIf(label.isPresent(), field, "is not for model %s, which has no classes", reference());
      return;
    }
    int last = classes.getAsInt() - 1;
    if (label.isEmpty()) {
      throw new InvalidInputException(
          field,
          String.format(
              Locale.ROOT,
              "%s is missing: model %s needs one from %s",
              field,
              reference(),
              labels(last)));
    }
    if (label.getAsInt() < 0 || label.getAsInt() > last) {
      throw new InvalidInputException(
          field,
          String.format(
              Locale.ROOT,
              "%s must be from %s for model %s, not %d",
              field,
              labels(last),
              reference(),
              label.getAsInt()));
    }
  }

  /** The labels in words: the last one may mean that an image has no class. */
  private String labels(int last) {
    boolean lastIsNone = nullClass.isPresent() && nullClass.getAsInt() == last;
    return lastIsNone ? "0 to " + (last - 1) + ", or " + last + " for none" : "0 to " + last;
  }

  /**
   * @param field of the guidance, for the exception
   * @throws InvalidInputException if the model cannot be guided
   */
  public void checkGuidable(String field) {
    if (unguided().isEmpty()) {
      throw new InvalidInputException(
          field,
          field
              + " other than 1 needs a model that was also trained without classes or conditions;"
              + (" model " + reference() + " was not"));
    }
  }

  /** Channels that the network takes after the image's own; 0 for none. */
  public int conditionChannels() {
    return condition.stream().mapToInt(ConditionPart::channels).sum();
  }

  /**
   * What the unconditional pass of guidance leaves out; empty for a model that cannot be guided.
   */
  public Optional<UnconditionalInput> unguided() {
    boolean dropped = !condition.isEmpty() && condition.stream().allMatch(ConditionPart::optional);
    return nullClass.isPresent() || dropped
        ? Optional.of(new UnconditionalInput(nullClass, dropped))
        : Optional.empty();
  }

  public ModelInfo with(Engine evaluating) {
    return with(height, width, Optional.of(evaluating), canvas);
  }

  /**
   * The same model with canvases in place of images.
   *
   * @param field of the canvas, for the exception
   * @param overlap of neighbouring tiles in pixels; a quarter of the shorter side if empty
   * @throws InvalidInputException if the canvas is smaller than the model's images, or its tiles
   *     overlap by more than half
   */
  public ModelInfo withCanvas(
      String field, int canvasWidth, int canvasHeight, OptionalInt overlap) {
    if (canvasWidth < width || canvasHeight < height) {
      throw new InvalidInputException(
          field,
          String.format(
              Locale.ROOT,
              "%s is %dx%d pixels: model %s draws tiles of %dx%d, of which it needs at least one",
              field,
              canvasWidth,
              canvasHeight,
              reference(),
              width,
              height));
    }
    int side = Math.min(width, height);
    int shared = overlap.orElse(Math.max(1, side / 4));
    if (shared < 1 || shared > side / 2) {
      throw new InvalidInputException(
          field,
          String.format(
              Locale.ROOT,
              "%s: overlap must be from 1 to %d, half a tile of model %s, not %d",
              field,
              side / 2,
              reference(),
              shared));
    }
    Canvas tiled = new Canvas(canvasHeight, canvasWidth, height, width, shared);
    return with(canvasHeight, canvasWidth, engine, Optional.of(tiled));
  }

  ModelInfo ofTiles() {
    Canvas tiled = canvas.orElseThrow();
    return with(tiled.tileHeight(), tiled.tileWidth(), engine, Optional.empty());
  }

  /** Number of values of an image, C×H×W. */
  public int values() {
    return channels * height * width;
  }

  /**
   * An image that the model has made.
   *
   * @param chw its values, nominally in [−1, 1]
   */
  public Pixels pixels(float[] chw) {
    return Pixels.fromChw(chw, /* offset= */ 0, channels, height, width);
  }

  /** Evaluations of the network for one stage of an image: one for each tile. */
  public int tiles() {
    return canvas.map(Canvas::tiles).orElse(1);
  }

  private ModelInfo with(
      int newHeight, int newWidth, Optional<Engine> newEngine, Optional<Canvas> newCanvas) {
    return new ModelInfo(
        name, version, channels, newHeight, newWidth, classes, condition, steps, sampler, nullClass,
        p0, tuned, newEngine, newCanvas);
  }

  /** Jobs with the same value can share passes. */
  String group() {
    return reference()
        + " "
        + height
        + "x"
        + width
        + engine.map(of -> " " + of.wireName()).orElse("");
  }

  /** {@code name@version}, which always resolves to this model. */
  public String reference() {
    return name + "@" + version;
  }
}
