package dev.mezzotint.storage;

import dev.mezzotint.job.TransientException;

/** The store did not answer, or answered that it cannot serve now. */
public final class StorageException extends TransientException {
  private static final long serialVersionUID = 1L;

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  public StorageException(String message) {
    super(message);
  }
}
