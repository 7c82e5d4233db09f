package dev.mezzotint.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mezzotint.json.Required;
import dev.mezzotint.storage.ContentType;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Result of a generation job. Its members are those of the manifest.
 *
 * @param settings everything needed to generate the same images again
 * @param images in the order of their index
 * @param failedFrames conditions that could not become images, in their order
 * @param badReferences references that could not be read and are blank on the sheet, in its order
 * @param grid all images in one, if requested
 * @param sheet conditions, references and images side by side, if references were given
 * @param clip all images as an animation, if requested
 * @param inline the files of the images, if requested and the images are few and small
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record GeneratedImages(
    Optional<Settings> settings,
    List<Image> images,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<BadFile> failedFrames,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<BadFile> badReferences,
    Optional<File> grid,
    Optional<File> sheet,
    Optional<File> clip,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<InlineFile> inline)
    implements JobResult {
  /** Object keys have five digits. */
  public static final int IMAGES_MAX = 100_000;

  /**
   * The settings that all images were sampled with.
   *
   * @param model {@code name@version}
   * @param engine that evaluated the network; empty in manifests of older versions
   * @param interpolate seeds between whose noise the images start, evenly spaced
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Settings(
      @Required String model,
      Optional<String> engine,
      @Required String sampler,
      int steps,
      @Required String schedule,
      OptionalInt classLabel,
      Optional<Interpolation> interpolate) {}

  /** The seeds of the first and the last image. */
  public record Interpolation(long from, long to) {}

  /**
   * A stored image.
   *
   * @param sha256 of the stored bytes
   * @param seed and {@code noiseIndex}: the noise that the image was sampled from
   * @param condition name of the condition's file, if the image is named after it
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Image(
      @Required String key,
      @Required String sha256,
      int bytes,
      int width,
      int height,
      long seed,
      int noiseIndex,
      Optional<String> condition) {

    /** An image that is numbered, not named. */
    public Image(
        String key, String sha256, int bytes, int width, int height, long seed, int noiseIndex) {
      this(key, sha256, bytes, width, height, seed, noiseIndex, Optional.empty());
    }
  }

  /**
   * An input that could not be used.
   *
   * @param name in the request's list, prefix or zip
   * @param cause one sentence
   */
  public record BadFile(@Required String name, @Required String cause) {}

  /** An object made from several images. */
  public record File(@Required String key, @Required String sha256, int bytes) {}

  /**
   * The content of an image's file.
   *
   * @param data the file in base64
   */
  public record InlineFile(@Required String data, @Required String key, String mediaType) {

    public static InlineFile png(String key, String data) {
      return new InlineFile(data, key, ContentType.PNG);
    }
  }

  public GeneratedImages {
    images = List.copyOf(images);
    failedFrames = List.copyOf(failedFrames);
    badReferences = List.copyOf(badReferences);
    inline = List.copyOf(inline);
    if (images.size() > IMAGES_MAX) {
      throw new IllegalArgumentException("images may have at most " + IMAGES_MAX + " entries");
    }
  }

  public GeneratedImages(Optional<Settings> settings, List<Image> images, Optional<File> grid) {
    this(
        settings,
        images,
        List.of(),
        List.of(),
        grid,
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  @Override
  public Map<String, Object> event() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("images", images.size());
    settings.ifPresent(s -> data.put("model", s.model()));
    if (!failedFrames.isEmpty()) {
      data.put("failedFrames", failedFrames.size());
    }
    grid.ifPresent(g -> data.put("grid", g.key()));
    sheet.ifPresent(s -> data.put("sheet", s.key()));
    clip.ifPresent(c -> data.put("clip", c.key()));
    if (!inline.isEmpty()) {
      data.put(
          "inline",
          inline.stream()
              .map(f -> Map.of("key", f.key(), "mediaType", f.mediaType(), "data", f.data()))
              .toList());
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
}
