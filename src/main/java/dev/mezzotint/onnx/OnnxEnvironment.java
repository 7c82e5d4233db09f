package dev.mezzotint.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.lang.reflect.Field;
import java.lang.reflect.Method;

/**
 * The native environment of ONNX Runtime, which all its sessions of the process share.
 *
 * <p>The Java binding releases it in a shutdown hook, which runs beside those of the worker: the
 * jobs that a worker finishes or hands back after SIGTERM would meet a runtime without a logger,
 * which rejects each network that is loaded then and each pass that logs. The environment counts
 * its holders, and the binding has no call for it, thus the native one is called by reflection.
 */
final class OnnxEnvironment {
  private static final System.Logger LOG = System.getLogger(OnnxEnvironment.class.getName());

  private static final boolean AVAILABLE = open();

  private OnnxEnvironment() {}

  /** Whether the native libraries of ONNX Runtime can be loaded; logs why they cannot. */
  static boolean isAvailable() {
    return AVAILABLE;
  }

  private static boolean open() {
    try {
      OrtEnvironment.getEnvironment();
      retain();
      return true;
    } catch (RuntimeException | ReflectiveOperationException | LinkageError e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "ONNX Runtime cannot be loaded from {0} ({1}): PyTorch samples",
          System.getProperty("java.io.tmpdir"),
          e);
      return false;
    }
  }

  /** Adds a holder, with which the environment outlives the shutdown hook of the binding. */
  static void retain() throws ReflectiveOperationException {
    Method create =
        OrtEnvironment.class.getDeclaredMethod("createHandle", long.class, int.class, String.class);
    create.setAccessible(true);
    create.invoke(null, apiHandle(), /* loggingLevel= */ 2, "mezzotint");
  }

  /** The address of the native functions. */
  static long apiHandle() throws ReflectiveOperationException {
    Field handle = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
    handle.setAccessible(true);
    return handle.getLong(null);
  }
}
