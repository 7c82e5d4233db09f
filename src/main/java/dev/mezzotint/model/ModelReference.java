package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A reference to a model, as users and requests write it. Immutable.
 *
 * <p>A plain name is a bundled model, {@code name@version} one in the object store, and everything
 * with a slash, a leading dot or the suffix of a weights file is a path on disk.
 */
public sealed interface ModelReference {
  /** Syntax of names and versions, either of which can be part of a key or a path. */
  Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  /** A model that comes with the software. */
  record Bundled(String name) implements ModelReference {
    public Bundled {
      checkName(name);
    }
  }

  /** A model in the object store; the version may be {@code latest}. */
  record Stored(String name, String version) implements ModelReference {
    public Stored {
      checkName(name);
      checkName(version);
    }
  }

  /** A folder, or a weights file next to its {@code config.json}. */
  record Folder(Path path) implements ModelReference {}

  /**
   * Any form, as the command line takes it.
   *
   * @throws InvalidInputException with the field {@code model}
   */
  static ModelReference parse(String text) {
    if (isPath(text)) {
      try {
        return new Folder(Path.of(text));
      } catch (InvalidPathException e) {
        throw refuse(JsonObject.quote(text) + " is not a path", e);
      }
    }
    return parseName(text);
  }

  /**
   * A bundled or stored model only: requests from outside must not name files of this machine.
   *
   * @throws InvalidInputException with the field {@code model}
   */
  static ModelReference parseName(String text) {
    int at = text.indexOf('@');
    return at < 0 ? new Bundled(text) : new Stored(text.substring(0, at), text.substring(at + 1));
  }

  private static boolean isPath(String text) {
    return text.indexOf('/') >= 0
        || text.indexOf('\\') >= 0
        || text.startsWith(".")
        || WeightsFile.isWeightsFile(text);
  }

  private static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw InvalidInputException.of(
          "model",
          "must be a name, name@version or a path, with letters, digits, '.', '_'"
              + " and '-' in names, which %s is not",
          JsonObject.quote(name));
    }
  }

  private static InvalidInputException refuse(String message, Exception cause) {
    return new InvalidInputException("model", "model " + message, cause);
  }
}
