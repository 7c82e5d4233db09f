package dev.mezzotint.storage;

import dev.mezzotint.job.TransientException;

/** Thrown if the store does not answer, or answers that it is unavailable. */
public class StorageException extends TransientException {
  private static final long serialVersionUID = 1L;

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  public StorageException(String message) {
    super(message);
  }
}
