package dev.mezzotint.job;

/**
 * Thrown if the accelerator, or the native library that drives it, fails during a job: out of
 * memory even for the smallest batch, a lost device, a broken context. The attempt counts, and
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
