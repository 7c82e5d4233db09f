package dev.mezzotint.job;

/**
 * The accelerator, or the native library that drives it, failed in the middle of a job: out of
 * memory that no smaller batch cures, a lost device, a broken context. The attempt counts, and
 * another worker may succeed.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }

  public DeviceException(String message) {
    super(message);
  }
}
