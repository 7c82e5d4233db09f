package dev.mezzotint.network;

/**
 * Thrown when a call runs out of device memory. The call has changed nothing: every slot keeps its
 * content, and a smaller call may succeed.
 */
public final class DeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceMemoryException(String message, Throwable cause) {
    super(message, cause);
  }

  public DeviceMemoryException(String message) {
    super(message);
  }
}
