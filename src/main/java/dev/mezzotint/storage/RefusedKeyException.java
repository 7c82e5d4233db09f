package dev.mezzotint.storage;

/**
 * Thrown if the store serves other keys but not this one: its name is invalid there, or access to
 * it is denied. A key that a request names is then the request's fault.
 */
public final class RefusedKeyException extends StorageException {
  private static final long serialVersionUID = 1L;

  private final String answer;

  /**
   * @param answer status and code of the store's answer, and its key
   */
  public RefusedKeyException(String message, String answer, Throwable cause) {
    super(message, cause);
    this.answer = answer;
  }

  /** What the store answered about which key, without the store's address. */
  public String answer() {
    return answer;
  }
}
