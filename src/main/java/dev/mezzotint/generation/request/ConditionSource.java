package dev.mezzotint.generation.request;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The source of a condition's images.
 *
 * <pre>
 * "maps/7.png"                          one for all images, as ImageReference
 * ["maps/7.png", "maps/8.png"]          one for each, in this order
 * {"list": ["maps/7.png"]}              the same
 * {"prefix": "clips/7/"}                all objects with this prefix, sorted by name
 * {"zip": "clips/7.zip"}                all files of a zip, sorted by name
 * {"zip": {"key": …, "sha256": …}}      the same, with a checksum
 * </pre>
 */
public sealed interface ConditionSource {

  /** One image for all. */
  record Shared(ImageReference image) implements ConditionSource {}

  /** At least one image. */
  record Listed(List<ImageReference> images) implements ConditionSource {
    public Listed {
      images = List.copyOf(images);
    }
  }

  /** Objects by a prefix of their keys. */
  record Prefix(String prefix) implements ConditionSource {}

  /** Files of a zip in the bucket. */
  record Zip(ImageReference.Stored file) implements ConditionSource {}

  /** Whether the number of images is known only after listing the store. */
  default boolean needsListing() {
    return this instanceof Prefix || this instanceof Zip;
  }

  /** Reads a field that holds a source; empty if absent. */
  static Optional<ConditionSource> parse(JsonObject parent, String name, GenerationLimits limits) {
    if (!parent.has(name)) {
      return Optional.empty();
    }
    if (parent.toMap().get(name) instanceof Map) {
      return parent.object(name).map(object -> parse(object, limits));
    }
    List<ImageReference> images = ImageReference.parseAll(parent, name, limits);
    return Optional.of(parent.isList(name) ? new Listed(images) : new Shared(images.get(0)));
  }

  /** Reads a source that is an object, and refuses unknown members. */
  static ConditionSource parse(JsonObject object, GenerationLimits limits) {
    ConditionSource source;
    if (object.has("zip")) {
      source = new Zip(zip(object, limits));
    } else if (object.has("prefix")) {
      String prefix = object.requiredString("prefix");
      Keys.check(object, "prefix", prefix);
      source = new Prefix(prefix);
    } else if (object.has("list")) {
      object.refuseIf(!object.isList("list"), "list", "must be a list of images");
      source = new Listed(ImageReference.parseAll(object, "list", limits));
    } else {
      return new Shared(ImageReference.parse(object, limits));
    }
    object.refuseUnknown();
    return source;
  }

  private static ImageReference.Stored zip(JsonObject object, GenerationLimits limits) {
    if (object.toMap().get("zip") instanceof Map) {
      return object
          .object("zip")
          .map(zip -> ImageReference.parse(zip, limits))
          .filter(ImageReference.Stored.class::isInstance)
          .map(ImageReference.Stored.class::cast)
          .orElseThrow(() -> object.refuse("zip", "must be an object in the bucket"));
    }
    String key = object.requiredString("zip");
    Keys.check(object, "zip", key);
    return new ImageReference.Stored(key, OptionalLong.empty(), Optional.empty());
  }
}
