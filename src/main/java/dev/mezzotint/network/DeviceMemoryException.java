package dev.mezzotint.network;

/**
 * A call found too little memory on the device and changed nothing: every slot holds what it held
 * before, and a smaller call may succeed.
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
