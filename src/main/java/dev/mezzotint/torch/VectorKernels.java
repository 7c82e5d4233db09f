package dev.mezzotint.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.mezzotint.network.CpuInfo;
import java.lang.System.Logger.Level;

/**
 * Selects libtorch's AVX2 kernels on CPUs where it would use AVX-512.
 *
 * <p>In DJL's build of libtorch the exponential of AVX-512, and with it SiLU, takes ten times as
 * long as in PyTorch's own build: a sixth of a training step of {@code avatars-32}. With AVX2 a
 * batch of 32 is sampled 1.2 times as fast (docs/performance.md). Convolutions and matrix products
 * select their kernels independently and keep AVX-512.
 *
 * <p>libtorch reads the setting from the environment when it runs its first kernel. Java cannot set
 * an environment variable of its own process, so the C library does. An existing value is kept.
 * Safe for use by many threads.
 */
final class VectorKernels {
  private static final System.Logger LOG = System.getLogger(VectorKernels.class.getName());
  private static final String VARIABLE = "ATEN_CPU_CAPABILITY";

  private VectorKernels() {}

  /** The function of the C library that is used. */
  private interface LibC extends Library {
    int setenv(String name, String value, int overwrite);
  }

  /** Sets the variable; has no effect once the engine has loaded. */
  static void select() {
    if (System.getenv(VARIABLE) != null || !CpuInfo.hasAvx512()) {
      return;
    }
    try {
      Native.load("c", LibC.class).setenv(VARIABLE, "avx2", /* overwrite= */ 0);
    } catch (LinkageError e) {
      LOG.log(
          Level.WARNING,
          "Cannot set {0}=avx2 ({1}); set it before starting for faster networks on this processor",
          VARIABLE,
          e);
    }
  }
}
