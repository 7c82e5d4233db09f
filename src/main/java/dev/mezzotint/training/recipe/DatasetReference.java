package dev.mezzotint.training.recipe;

import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.storage.Sha256;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reference to the data set of a training request: a zip in the bucket, all objects under a prefix,
 * or a data set on the workers' disks.
 *
 * <pre>
 * "datasets/faces.zip"
 * {"key": "datasets/faces.zip", "size": 48213000, "sha256": "9f86d081…"}
 * "datasets/faces/"
 * {"local": "faces"}
 * </pre>
 */
public sealed interface DatasetReference {

  /** For messages, as in the request. */
  String text();

  /**
   * One zip.
   *
   * @param size in bytes, checked when the zip is downloaded
   * @param sha256 64 hexadecimal digits, checked when the zip is downloaded
   */
  record Zip(String key, OptionalLong size, Optional<String> sha256) implements DatasetReference {
    @Override
    public String text() {
      return key;
    }
  }

  /**
   * All objects under a prefix, as the files of a folder.
   *
   * @param prefix ends in '/'
   */
  record Prefix(String prefix) implements DatasetReference {
    @Override
    public String text() {
      return prefix;
    }
  }

  /**
   * A data set on the worker's disk.
   *
   * @param path below the folder that the worker's operator has configured
   */
  record Local(String path) implements DatasetReference {
    @Override
    public String text() {
      return "local " + path;
    }
  }

  /** Reads the field of this name; empty if absent. */
  static Optional<DatasetReference> parse(JsonObject parent, String name) {
    if (!parent.has(name)) {
      return Optional.empty();
    }
    Object value = parent.toMap().get(name);
    if (value instanceof String key) {
      return Optional.of(stored(parent, name, key));
    }
    parent.refuseIf(
        !(value instanceof Map), name, "must be an object's key, or an object with key or local");
    JsonObject object = parent.object(name).orElseThrow();
    if (object.has("key") == object.has("local")) {
      throw object.refuse("key", "or " + object.path("local") + " must be given, and not both");
    }
    DatasetReference reference =
        object.has("local")
            ? local(object, object.requiredString("local"))
            : checked(object, stored(object, "key", object.requiredString("key")));
    object.refuseUnknown();
    return Optional.of(reference);
  }

  private static DatasetReference stored(JsonObject parent, String name, String key) {
    Keys.check(parent, name, key);
    return key.endsWith("/")
        ? new Prefix(key)
        : new Zip(key, OptionalLong.empty(), Optional.empty());
  }

  private static DatasetReference checked(JsonObject object, DatasetReference plain) {
    OptionalLong size = object.integer("size", 1, Long.MAX_VALUE);
    Optional<String> sha256 = Sha256.read(object, "sha256");
    if (plain instanceof Zip zip) {
      return new Zip(zip.key(), size, sha256);
    }
    if (size.isPresent() || sha256.isPresent()) {
      throw object.refuse(
          size.isPresent() ? "size" : "sha256", "is for a single object, not for a prefix");
    }
    return plain;
  }

  private static Local local(JsonObject object, String text) {
    try {
      Path path = Path.of(text);
      if (!text.isBlank()
          && !path.isAbsolute()
          && !List.of(text.split("[/\\\\]", -1)).contains("..")) {
        return new Local(text);
      }
    } catch (InvalidPathException e) {
      // refused below
    }
    throw object.refuse(
        "local", "must be a path without a leading '/' and '..', not " + JsonObject.quote(text));
  }
}
