package dev.mezzotint.json;

/**
 * Something that a person wrote or supplied (a request, a recipe, a model's files, an option) is
 * wrong and will be wrong again: never tried twice.
 *
 * <p>The message is one sentence for that person: it names the field or file, what was found and
 * what would be right.
 */
public final class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * @param field path of the offending field such as {@code output.grid}, or a tensor's or file's
   *     name; empty when the input as a whole is meant
   */
  public InvalidInputException(String field, String message) {
    super(message);
    this.field = field;
  }

  public InvalidInputException(String field, String message, Throwable cause) {
    super(message, cause);
    this.field = field;
  }

  public String field() {
    return field;
  }
}
