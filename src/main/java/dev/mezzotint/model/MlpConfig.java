package dev.mezzotint.model;

import dev.mezzotint.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Configuration of a small multilayer perceptron for points of a few dimensions: from x and α
 * through hidden layers with ReLU to a direction. A point is an image of one pixel with one channel
 * per dimension, so that all other code works on it unchanged.
 *
 * @param dimensions of a point
 * @param hidden widths of the hidden layers, in order
 */
public record MlpConfig(int dimensions, List<Integer> hidden) implements NetworkConfig {
  /** The value of the key {@code kind}. */
  public static final String KIND = "mlp";

  static final int DIMENSIONS_MAX = 1024;
  static final int WIDTH_MAX = 8192;
  static final int LAYERS_MAX = 32;

  public MlpConfig {
    hidden = List.copyOf(hidden);
  }

  static MlpConfig parse(JsonObject json) {
    json.word("kind", List.of(KIND));
    MlpConfig config =
        new MlpConfig(
            json.integer("dimensions", 1, DIMENSIONS_MAX, 2),
            json
                .integers("hidden", LAYERS_MAX, 1, WIDTH_MAX)
                .orElse(List.of(64L, 64L, 64L, 64L))
                .stream()
                .map(Long::intValue)
                .toList());
    json.refuseIf(config.hidden.isEmpty(), "hidden", "must have at least one layer");
    json.refuseUnknown();
    return config;
  }

  @Override
  public int inChannels() {
    return dimensions;
  }

  @Override
  public int outChannels() {
    return dimensions;
  }

  @Override
  public OptionalInt sampleSize() {
    return OptionalInt.of(1);
  }

  @Override
  public int sizeMultiple() {
    return 1;
  }

  @Override
  public int sizeMax() {
    return 1;
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("kind", KIND);
    map.put("dimensions", dimensions);
    map.put("hidden", hidden);
    return map;
  }
}
