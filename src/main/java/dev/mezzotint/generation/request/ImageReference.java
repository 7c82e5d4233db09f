package dev.mezzotint.generation.request;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.Sha256;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An input image of a request: the key of an object in the bucket, or a small image in the request
 * itself.
 *
 * <pre>
 * "inputs/map.png"
 * {"key": "inputs/map.png", "size": 48213, "sha256": "9f86d081…"}
 * {"mediaType": "image/png", "data": "iVBORw0KGgo…"}
 * </pre>
 */
public sealed interface ImageReference {
  List<String> MEDIA_TYPES = List.of("image/png", "image/jpeg");

  /**
   * @param size in bytes, to be checked on reading
   * @param sha256 64 hexadecimal digits, to be checked on reading
   */
  record Stored(String key, OptionalLong size, Optional<String> sha256) implements ImageReference {}

  /**
   * @param bytes content of the file
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Inline(String mediaType, byte[] bytes) implements ImageReference {}

  /** Reads a field that holds one reference; empty if absent. */
  static Optional<ImageReference> parse(JsonObject parent, String name, GenerationLimits limits) {
    if (!parent.has(name)) {
      return Optional.empty();
    }
    Object value = parent.toMap().get(name);
    if (value instanceof String key) {
      return Optional.of(stored(parent, name, key));
    }
    if (value instanceof Map) {
      return parent.object(name).map(object -> parse(object, limits));
    }
    throw parent.refuse(name, "must be the key of an object, or an object with key or data");
  }

  /** Reads a field that holds one reference or a list of them; empty if absent. */
  static List<ImageReference> parseAll(JsonObject parent, String name, GenerationLimits limits) {
    if (!parent.has(name)) {
      return List.of();
    }
    if (!(parent.toMap().get(name) instanceof List<?> items)) {
      return parse(parent, name, limits).map(List::of).orElseThrow();
    }
    parent.refuseIf(items.isEmpty(), name, "must not be an empty list");
    List<ImageReference> references = new ArrayList<>();
    if (items.get(0) instanceof String) {
      for (String key : parent.strings(name, limits.imagesMax()).orElseThrow()) {
        references.add(stored(parent, name, key));
      }
    } else {
      for (JsonObject item : parent.objects(name, limits.imagesMax()).orElseThrow()) {
        references.add(parse(item, limits));
      }
    }
    return List.copyOf(references);
  }

  /** Reads a reference that is an object, and refuses unknown members. */
  static ImageReference parse(JsonObject object, GenerationLimits limits) {
    boolean stored = object.has("key");
    if (stored == object.has("data")) {
      throw object.refuse("key", "or " + object.path("data") + " must be given, and not both");
    }
    ImageReference reference;
    if (stored) {
      Stored plain = stored(object, "key", object.requiredString("key"));
      OptionalLong size = object.integer("size", 1, Long.MAX_VALUE);
      Optional<String> sha256 = Sha256.read(object, "sha256");
      reference = new Stored(plain.key(), size, sha256);
    } else {
      reference = inline(object, limits.inlineBytesMax());
    }
    object.refuseUnknown();
    return reference;
  }

  private static Inline inline(JsonObject object, int bytesMax) {
    String mediaType =
        object
            .word("mediaType", MEDIA_TYPES)
            .orElseThrow(() -> object.refuse("mediaType", "is missing: image/png or image/jpeg"));
    String data = object.requiredString("data");
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(data);
    } catch (IllegalArgumentException e) {
      throw object.refuse("data", "must be base64");
    }
    if (bytes.length == 0 || bytes.length > bytesMax) {
      throw object.refuse("data", "must be 1 to " + bytesMax + " bytes, not " + bytes.length);
    }
    return new Inline(mediaType, bytes);
  }

  private static Stored stored(JsonObject parent, String name, String key) {
    Keys.check(parent, name, key);
    return new Stored(key, OptionalLong.empty(), Optional.empty());
  }
}
