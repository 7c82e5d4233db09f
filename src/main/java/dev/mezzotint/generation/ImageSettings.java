package dev.mezzotint.generation;

import dev.mezzotint.generation.request.CanvasRequest;
import dev.mezzotint.generation.request.Seeds;
import dev.mezzotint.image.PngText;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import dev.mezzotint.sampling.ModelInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The settings of one image, kept in its PNG file as a text with the keyword {@value #KEYWORD}.
 * They are those that determine its pixels, without the id of the request: the same settings give
 * the same bytes in every job and on every worker. Immutable.
 *
 * @param model name and version
 * @param seed of its noise; empty if it did not start from the noise of a seed
 * @param index of its noise within the seed's stream
 * @param schedule of α, as in requests
 * @param guidance weight; 1 for none
 * @param canvas size and overlap of its tiles; empty for an image of the model's size
 * @param inputs names of fields with further inputs, which the file does not hold
 */
public record ImageSettings(
    String model,
    OptionalLong seed,
    int index,
    int steps,
    String sampler,
    String schedule,
    OptionalInt classLabel,
    double guidance,
    Optional<CanvasRequest> canvas,
    List<String> inputs) {
  /** Keyword of the text chunk. */
  public static final String KEYWORD = "mezzotint";

  private static final int INPUTS_MAX = 16;

  public ImageSettings {
    inputs = List.copyOf(inputs);
  }

  /** The settings of an image of a job. */
  static ImageSettings of(Plan plan, int index) {
    return new ImageSettings(
        plan.model().reference(),
        plan.request().seeds() instanceof Seeds.Interpolated
            ? OptionalLong.empty()
            : OptionalLong.of(plan.seed(index)),
        plan.noiseIndex(index),
        plan.steps(),
        plan.sampler().wireName(),
        plan.request().schedule(),
        plan.request().classLabel(),
        plan.request().guidance(),
        canvas(plan.model()),
        inputs(plan));
  }

  /** The canvas of a model that has one. */
  public static Optional<CanvasRequest> canvas(ModelInfo model) {
    return model
        .canvas()
        .map(
            canvas ->
                new CanvasRequest(
                    Optional.of(new CanvasRequest.Size(canvas.width(), canvas.height())),
                    OptionalInt.of(canvas.overlap())));
  }

  private static List<String> inputs(Plan plan) {
    List<String> inputs = new ArrayList<>();
    if (!plan.request().condition().isEmpty() || plan.frames().isPresent()) {
      inputs.add("condition");
    }
    if (plan.request().init().isPresent()) {
      inputs.add("init");
    }
    if (plan.request().mask().isPresent()) {
      inputs.add("mask");
    }
    return inputs;
  }

  public byte[] addTo(byte[] png) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("model", model);
    if (seed.isPresent()) {
      members.put("seed", seed.getAsLong());
      members.put("index", index);
    }
    members.put("steps", steps);
    members.put("sampler", sampler);
    members.put("schedule", schedule);
    if (classLabel.isPresent()) {
      members.put("classLabel", classLabel.getAsInt());
    }
    if (guidance != 1) {
      members.put("guidance", guidance);
    }
    canvas.ifPresent(tiled -> members.put(CanvasRequest.FIELD, tiled.toMap()));
    if (!inputs.isEmpty()) {
      members.put("inputs", inputs);
    }
    String text = new String(JsonText.writeInOrder(members), StandardCharsets.UTF_8);
    return PngText.add(png, KEYWORD, text);
  }

  /**
   * The settings in a file; empty if it has none.
   *
   * @throws InvalidInputException if they cannot be read
   */
  public static Optional<ImageSettings> find(byte[] file) {
    return PngText.find(file, KEYWORD).map(text -> parse(JsonObject.parse(text)));
  }

  private static ImageSettings parse(JsonObject json) {
    return new ImageSettings(
        json.requiredString("model"),
        json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
        json.integer("index", 0, Integer.MAX_VALUE, 0),
        (int) json.integer("steps", 1, 1000).orElseThrow(() -> json.refuse("steps", "is missing")),
        json.requiredString("sampler"),
        json.string("schedule", "uniform"),
        json.optionalInt("classLabel", 0, Integer.MAX_VALUE),
        json.number("guidance", 0, Double.MAX_VALUE, 1),
        CanvasRequest.parse(json, /* hasCondition= */ false),
        json.strings("inputs", INPUTS_MAX).orElse(List.of()));
  }
}
