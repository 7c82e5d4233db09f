package dev.mezzotint.delivery;

import dev.mezzotint.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Result of a generation job.
 *
 * @param settings all that is needed to make the same pictures again
 * @param images in the order of their index
 * @param grid for jobs that asked for it
 */
public record Pictures(Optional<Settings> settings, List<Image> images, Optional<Grid> grid)
    implements Result {
  /** Object keys have five digits. */
  public static final int IMAGES_MAX = 100_000;

  /**
   * @param model {@code name@version}
   */
  public record Settings(
      String model, String sampler, int steps, String schedule, OptionalInt classLabel) {}

  /**
   * @param sha256 of the bytes that stand in the store
   * @param seed and {@code noiseIndex}: the noise that the image began as
   */
  public record Image(
      String key, String sha256, int bytes, int width, int height, long seed, int noiseIndex) {}

  /** All images in one. */
  public record Grid(String key, String sha256, int bytes) {}

  public Pictures {
    images = List.copyOf(images);
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    settings.ifPresent(s -> json.put("settings", toMap(s)));
    json.put("images", images.stream().map(Pictures::toMap).toList());
    grid.ifPresent(g -> json.put("grid", toMap(g)));
    return json;
  }

  @Override
  public Map<String, Object> event() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("images", images.size());
    settings.ifPresent(s -> data.put("model", s.model()));
    grid.ifPresent(g -> data.put("grid", g.key()));
    return data;
  }

  @Override
  public Set<String> keys() {
    Set<String> keys = new HashSet<>();
    images.forEach(image -> keys.add(image.key()));
    grid.ifPresent(g -> keys.add(g.key()));
    return keys;
  }

  private static Map<String, Object> toMap(Settings settings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", settings.model());
    json.put("sampler", settings.sampler());
    json.put("steps", settings.steps());
    json.put("schedule", settings.schedule());
    settings.classLabel().ifPresent(k -> json.put("classLabel", k));
    return json;
  }

  private static Map<String, Object> toMap(Image image) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", image.key());
    json.put("sha256", image.sha256());
    json.put("bytes", image.bytes());
    json.put("width", image.width());
    json.put("height", image.height());
    json.put("seed", image.seed());
    json.put("noiseIndex", image.noiseIndex());
    return json;
  }

  private static Map<String, Object> toMap(Grid grid) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", grid.key());
    json.put("sha256", grid.sha256());
    json.put("bytes", grid.bytes());
    return json;
  }

  static Pictures parse(JsonObject json) {
    List<Image> images = new ArrayList<>();
    for (JsonObject image : json.objects("images", IMAGES_MAX).orElse(List.of())) {
      images.add(parseImage(image));
    }
    return new Pictures(
        json.object("settings").map(Pictures::parseSettings),
        images,
        json.object("grid").map(Pictures::parseGrid));
  }

  private static Settings parseSettings(JsonObject json) {
    int classLabel = json.integer("classLabel", 0, Integer.MAX_VALUE, -1);
    return new Settings(
        json.requiredString("model"),
        json.requiredString("sampler"),
        json.integer("steps", 1, Integer.MAX_VALUE, 1),
        json.requiredString("schedule"),
        classLabel < 0 ? OptionalInt.empty() : OptionalInt.of(classLabel));
  }

  private static Image parseImage(JsonObject json) {
    return new Image(
        json.requiredString("key"),
        json.requiredString("sha256"),
        json.integer("bytes", 0, Integer.MAX_VALUE, 0),
        json.integer("width", 0, Integer.MAX_VALUE, 0),
        json.integer("height", 0, Integer.MAX_VALUE, 0),
        json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0),
        json.integer("noiseIndex", 0, Integer.MAX_VALUE, 0));
  }

  private static Grid parseGrid(JsonObject json) {
    return new Grid(
        json.requiredString("key"),
        json.requiredString("sha256"),
        json.integer("bytes", 0, Integer.MAX_VALUE, 0));
  }
}
