package dev.mezzotint.torch;

import dev.mezzotint.network.DeviceMemoryException;
import java.util.Locale;

/** Tells "out of memory" from all else that the engine reports, which it says in words alone. */
final class MemoryErrors {
  private MemoryErrors() {}

  /**
   * The exception to throw for this one. The programs write to slots only when all that they need
   * memory for is done, so nothing has changed where memory ran out.
   */
  static RuntimeException translate(RuntimeException e) {
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
   * On the CPU arrays made from Java's stand in direct buffers, which have a limit of their own.
   */
  static DeviceMemoryException of(OutOfMemoryError e) {
    return new DeviceMemoryException(
        "this JVM's memory is used up (" + e.getMessage() + "): give it a larger heap", e);
  }
}
