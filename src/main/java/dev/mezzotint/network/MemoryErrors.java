package dev.mezzotint.network;

import java.util.Locale;

/** Recognises out-of-memory errors of the engine, which differ from others in their text only. */
public final class MemoryErrors {
  private MemoryErrors() {}

  /**
   * Translates an out-of-memory error to {@link DeviceMemoryException}; returns others unchanged.
   * The programs write to slots after their last allocation, so slots are unchanged when memory
   * runs out.
   */
  public static RuntimeException translate(RuntimeException e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    // CUDA: "CUDA out of memory. Tried to allocate"; CPU: "DefaultCPUAllocator: can't allocate
    // memory", or "not enough memory".
    boolean memory =
        message.contains("out of memory")
            || message.contains("not enough memory")
            || message.contains("allocate memory")
            || message.contains("bad_alloc");
    return memory ? new DeviceMemoryException(String.valueOf(e.getMessage()), e) : e;
  }

  /**
   * Translates the JVM's error: on the CPU, arrays are created in direct buffers, which have their
   * own limit.
   */
  public static DeviceMemoryException of(OutOfMemoryError e) {
    return new DeviceMemoryException(
        "the JVM is out of memory (" + e.getMessage() + "): increase the heap with -Xmx", e);
  }
}
