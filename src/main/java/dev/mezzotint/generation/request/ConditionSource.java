package dev.mezzotint.generation.request;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where the pictures of a condition come from.
 *
 * <pre>
 * "maps/7.png"                          one for all, as ImageReference
 * ["maps/7.png", "maps/8.png"]          one after the other
 * {"list": ["maps/7.png"]}              the same
 * {"prefix": "clips/7/"}                all objects whose keys begin so, in the order of their names
 * {"zip": "clips/7.zip"}                all files of a zip, in the order of their names
 * {"zip": {"key": …, "sha256": …}}      the same, checked
 * </pre>
 */
public sealed interface ConditionSource {

  /** One picture for all. */
  record Shared(ImageReference image) implements ConditionSource {}

  /** At least one picture. */
  record Listed(List<ImageReference> images) implements ConditionSource {
    public Listed {
      images = List.copyOf(images);
    }
  }

  /** Objects by the beginning of their keys. */
  record Prefix(String prefix) implements ConditionSource {}

  /** Files in one object. */
  record Zip(ImageReference.Stored file) implements ConditionSource {}

  /** Whether only a look into the store tells how many pictures there are. */
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
    List<ImageReference> pictures = ImageReference.parseAll(parent, name, limits);
    return Optional.of(parent.isList(name) ? new Listed(pictures) : new Shared(pictures.get(0)));
  }

  /** Reads a source that is an object, and refuses what of it nobody has asked for. */
  static ConditionSource parse(JsonObject object, GenerationLimits limits) {
    ConditionSource source;
    if (object.has("zip")) {
      source = new Zip(zip(object, limits));
    } else if (object.has("prefix")) {
      String prefix = object.requiredString("prefix");
      if (!Keys.nameable(prefix)) {
        throw object.refuse("prefix", Keys.NAMEABLE_RULE + ", not " + JsonObject.quote(prefix));
      }
      source = new Prefix(prefix);
    } else if (object.has("list")) {
      if (!object.isList("list")) {
        throw object.refuse("list", "must be a list of pictures");
      }
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
    if (!Keys.nameable(key)) {
      throw object.refuse("zip", Keys.NAMEABLE_RULE + ", not " + JsonObject.quote(key));
    }
    return new ImageReference.Stored(key, OptionalLong.empty(), Optional.empty());
  }
}
