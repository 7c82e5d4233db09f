package dev.mezzotint.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Which of its vector kernels libtorch takes on the CPU: those of AVX2 where it would take AVX-512.
 *
 * <p>In DJL's build of libtorch the exponential of AVX-512, and with it SiLU, takes ten times the
 * time of PyTorch's own build: a sixth of a training step of {@code avatars-32}. With AVX2 instead
 * a batch of 32 is sampled 1.2 times as fast (docs/performance.md). Convolutions and matrix
 * products choose by themselves and keep AVX-512.
 *
 * <p>libtorch reads the choice from the environment when it runs its first kernel, and Java has no
 * way to set a variable of its own process: the C library has. A variable that is set already
 * stays. Safe for use by many threads.
 */
final class VectorKernels {
  private static final Logger LOG = Logger.getLogger(VectorKernels.class.getName());
  private static final String VARIABLE = "ATEN_CPU_CAPABILITY";

  private VectorKernels() {}

  /** Of the C library, in its words. */
  private interface LibC extends Library {
    int setenv(String name, String value, int overwrite);
  }

  /** Before the engine loads; later it changes nothing. */
  static void select() {
    if (System.getenv(VARIABLE) != null || !CpuInfo.hasAvx512()) {
      return;
    }
    try {
      Native.load("c", LibC.class).setenv(VARIABLE, "avx2", /* overwrite= */ 0);
    } catch (LinkageError e) {
      LOG.log(
          Level.WARNING,
          "{0}=avx2 could not be set ({1}); set outside, it makes networks on this processor faster",
          new Object[] {VARIABLE, e.toString()});
    }
  }
}
