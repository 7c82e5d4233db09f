package dev.mezzotint.delivery;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.ContentType;
import java.util.ArrayList;
import java.util.Collections;
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
 * @param failed conditions that could not become pictures, in their order
 * @param badReferences references that could not be read and are blank on the sheet, in its order
 * @param grid all images in one, for jobs that asked for it
 * @param sheet condition, reference and images beside each other, for jobs that gave references
 * @param clip all images one after the other, for jobs that asked for it
 * @param inline files of the images by their keys, in base64, for jobs that asked for it and whose
 *     images are few and small
 */
public record GeneratedImages(
    Optional<Settings> settings,
    List<Image> images,
    List<BadFile> failed,
    List<BadFile> badReferences,
    Optional<File> grid,
    Optional<File> sheet,
    Optional<File> clip,
    Map<String, String> inline)
    implements JobResult {
  /** Object keys have five digits. */
  public static final int IMAGES_MAX = 100_000;

  private static final String PNG = ContentType.PNG;

  /**
   * @param model {@code name@version}
   */
  public record Settings(
      String model, String sampler, int steps, String schedule, OptionalInt classLabel) {}

  /**
   * @param sha256 of the bytes that stand in the store
   * @param seed and {@code noiseIndex}: the noise that the image began as
   * @param condition name of the file that it was made from, where it is named after it
   */
  public record Image(
      String key,
      String sha256,
      int bytes,
      int width,
      int height,
      long seed,
      int noiseIndex,
      Optional<String> condition) {

    /** Numbered, not named. */
    public Image(
        String key, String sha256, int bytes, int width, int height, long seed, int noiseIndex) {
      this(key, sha256, bytes, width, height, seed, noiseIndex, Optional.empty());
    }
  }

  /**
   * @param name as the request's list, prefix or zip has it
   * @param cause one sentence
   */
  public record BadFile(String name, String cause) {}

  /** Something made of several images. */
  public record File(String key, String sha256, int bytes) {}

  public GeneratedImages {
    images = List.copyOf(images);
    failed = List.copyOf(failed);
    badReferences = List.copyOf(badReferences);
    inline = Collections.unmodifiableMap(new LinkedHashMap<>(inline));
  }

  /** Numbered images. */
  public GeneratedImages(Optional<Settings> settings, List<Image> images, Optional<File> grid) {
    this(
        settings, images, List.of(), List.of(), grid, Optional.empty(), Optional.empty(), Map.of());
  }

  @Override
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    settings.ifPresent(s -> json.put("settings", toMap(s)));
    json.put("images", images.stream().map(GeneratedImages::toMap).toList());
    put(json, "failedFrames", failed);
    put(json, "badReferences", badReferences);
    grid.ifPresent(g -> json.put("grid", toMap(g)));
    sheet.ifPresent(s -> json.put("sheet", toMap(s)));
    clip.ifPresent(c -> json.put("clip", toMap(c)));
    if (!inline.isEmpty()) {
      json.put("inline", inlineFiles());
    }
    return json;
  }

  private static void put(Map<String, Object> json, String member, List<BadFile> files) {
    if (!files.isEmpty()) {
      json.put(member, files.stream().map(GeneratedImages::toMap).toList());
    }
  }

  private static List<BadFile> badFiles(JsonObject json, String member) {
    return json.objects(member, IMAGES_MAX).orElse(List.of()).stream()
        .map(file -> new BadFile(file.requiredString("name"), file.requiredString("cause")))
        .toList();
  }

  private List<Map<String, Object>> inlineFiles() {
    List<Map<String, Object>> files = new ArrayList<>();
    inline.forEach((key, data) -> files.add(Map.of("key", key, "mediaType", PNG, "data", data)));
    return files;
  }

  @Override
  public Map<String, Object> event() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("images", images.size());
    settings.ifPresent(s -> data.put("model", s.model()));
    if (!failed.isEmpty()) {
      data.put("failedFrames", failed.size());
    }
    grid.ifPresent(g -> data.put("grid", g.key()));
    sheet.ifPresent(s -> data.put("sheet", s.key()));
    clip.ifPresent(c -> data.put("clip", c.key()));
    if (!inline.isEmpty()) {
      data.put("inline", inlineFiles());
    }
    return data;
  }

  @Override
  public Set<String> keys() {
    Set<String> keys = new HashSet<>();
    images.forEach(image -> keys.add(image.key()));
    grid.ifPresent(g -> keys.add(g.key()));
    sheet.ifPresent(s -> keys.add(s.key()));
    clip.ifPresent(c -> keys.add(c.key()));
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
    image.condition().ifPresent(name -> json.put("condition", name));
    return json;
  }

  private static Map<String, Object> toMap(BadFile file) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", file.name());
    json.put("cause", file.cause());
    return json;
  }

  private static Map<String, Object> toMap(File file) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("key", file.key());
    json.put("sha256", file.sha256());
    json.put("bytes", file.bytes());
    return json;
  }

  static GeneratedImages parse(JsonObject json) {
    List<Image> images = new ArrayList<>();
    for (JsonObject image : json.objects("images", IMAGES_MAX).orElse(List.of())) {
      images.add(parseImage(image));
    }
    Map<String, String> inline = new LinkedHashMap<>();
    for (JsonObject file : json.objects("inline", IMAGES_MAX).orElse(List.of())) {
      inline.put(file.requiredString("key"), file.requiredString("data"));
    }
    return new GeneratedImages(
        json.object("settings").map(GeneratedImages::parseSettings),
        images,
        badFiles(json, "failedFrames"),
        badFiles(json, "badReferences"),
        json.object("grid").map(GeneratedImages::parseFile),
        json.object("sheet").map(GeneratedImages::parseFile),
        json.object("clip").map(GeneratedImages::parseFile),
        inline);
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
        json.integer("noiseIndex", 0, Integer.MAX_VALUE, 0),
        json.string("condition"));
  }

  private static File parseFile(JsonObject json) {
    return new File(
        json.requiredString("key"),
        json.requiredString("sha256"),
        json.integer("bytes", 0, Integer.MAX_VALUE, 0));
  }
}
