package dev.mezzotint.generation.request;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.sampling.ModelInfo;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The field {@code canvas} of a request: images larger than the model's, drawn in overlapping
 * tiles.
 *
 * @param size in pixels; empty for that of the condition
 * @param overlap of neighbouring tiles in pixels; the model's default if empty
 */
public record CanvasRequest(Optional<Size> size, OptionalInt overlap) {
  /** The field's name, for exceptions. */
  public static final String FIELD = "canvas";

  static final int PIXELS_MAX = 1 << 24;

  private static final int SIDE_MAX = 16_384;
  private static final Pattern SIDES = Pattern.compile("([0-9]{1,5})x([0-9]{1,5})");

  /** Width and height in pixels. */
  public record Size(int width, int height) {

    /**
     * Reads a command line option such as 1024x512.
     *
     * @throws InvalidInputException naming the option
     */
    public static Size parse(String option, String text) {
      Matcher sides = SIDES.matcher(text);
      refuseIf(!sides.matches(), option, "must be a size in pixels such as 1024x512, not %s", text);
      return new Size(Integer.parseInt(sides.group(1)), Integer.parseInt(sides.group(2)));
    }
  }

  /**
   * Reads the field; empty if there is none.
   *
   * @param hasCondition whether there is a condition whose size can be used
   */
  public static Optional<CanvasRequest> parse(JsonObject json, boolean hasCondition) {
    Optional<JsonObject> found = json.object(FIELD);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    JsonObject canvas = found.get();
    OptionalInt width = canvas.optionalInt("width", 1, SIDE_MAX);
    OptionalInt height = canvas.optionalInt("height", 1, SIDE_MAX);
    OptionalInt overlap = canvas.optionalInt("overlap", 1, SIDE_MAX);
    canvas.refuseUnknown();
    if (width.isPresent() != height.isPresent()) {
      throw canvas.refuse(
          width.isPresent() ? "height" : "width", "is missing: a canvas needs both or neither");
    }
    if (width.isEmpty()) {
      canvas.refuseIf(
          !hasCondition, "width", "is missing: without a condition there is no other size");
      return Optional.of(new CanvasRequest(Optional.empty(), overlap));
    }
    Size size = new Size(width.getAsInt(), height.getAsInt());
    checkPixels(size);
    return Optional.of(new CanvasRequest(Optional.of(size), overlap));
  }

  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    size.ifPresent(
        pixels -> {
          map.put("width", pixels.width());
          map.put("height", pixels.height());
        });
    overlap.ifPresent(pixels -> map.put("overlap", pixels));
    return map;
  }

  private static void checkPixels(Size size) {
    long pixels = (long) size.width() * size.height();
    if (pixels > PIXELS_MAX) {
      throw new InvalidInputException(
          FIELD,
          String.format(
              Locale.ROOT,
              "canvas is %dx%d, which is %d pixels: at most %d are allowed",
              size.width(),
              size.height(),
              pixels,
              PIXELS_MAX));
    }
  }

  /**
   * The model with this canvas.
   *
   * @param found the size, by the request or by its condition
   * @throws InvalidInputException if the model cannot draw it
   */
  public ModelInfo applyTo(ModelInfo model, Size found) {
    checkPixels(found);
    return model.withCanvas(FIELD, found.width(), found.height(), overlap);
  }
}
