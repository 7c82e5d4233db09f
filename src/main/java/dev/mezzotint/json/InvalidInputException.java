package dev.mezzotint.json;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for invalid input of users: a request, a recipe, a model's files, an option. Never
 * retried.
 *
 * <p>The message is one sentence for the user that names the field or file, what was found, and
 * what would be valid.
 */
public final class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * @param field path of the invalid field such as {@code output.grid}, or a tensor's or file's
   *     name; empty for the input as a whole
   */
  public InvalidInputException(String field, String message) {
    super(message);
    this.field = field;
  }

  /**
   * An exception whose message begins with the field.
   *
   * @param what completes the sentence, or begins with a colon; a format of {@link
   *     java.util.Formatter} for {@code args}
   */
  public static InvalidInputException of(String field, String what, @Nullable Object... args) {
    String space = what.startsWith(":") ? "" : " ";
    return new InvalidInputException(field, field + space + String.format(Locale.ROOT, what, args));
  }

  /** Throws {@link #of} if a field is invalid. */
  public static void refuseIf(
      boolean invalid, String field, String what, @Nullable Object... args) {
    if (invalid) {
      throw of(field, what, args);
    }
  }

  public InvalidInputException(String field, String message, Throwable cause) {
    super(message, cause);
    this.field = field;
  }

  public String field() {
    return field;
  }
}
