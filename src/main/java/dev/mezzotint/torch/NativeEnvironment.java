package dev.mezzotint.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.mezzotint.network.CpuInfo;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * Environment variables that libtorch and its thread library libgomp read when they load. Java
 * cannot set a variable of its own process, so the C library does. Existing values are kept. Safe
 * for use by many threads.
 *
 * <ul>
 *   <li>{@code ATEN_CPU_CAPABILITY=avx2} on CPUs where libtorch would use its AVX-512 kernels: in
 *       DJL's build the exponential of AVX-512, and with it SiLU, takes ten times as long as in
 *       PyTorch's own build, a sixth of a training step of {@code avatars-32}. Convolutions and
 *       matrix products select their kernels independently and keep AVX-512.
 *   <li>{@code GOMP_SPINCOUNT}: how often a thread that waits for the others of an operator looks
 *       before it sleeps. A pass has hundreds of operators: with sleep between all of them ({@code
 *       OMP_WAIT_POLICY=PASSIVE}) a single row takes twice as long, and with libgomp's own count,
 *       ten times this one, threads take processors from others for a millisecond at a time.
 * </ul>
 *
 * <p>Figures: docs/performance.md.
 */
final class NativeEnvironment {
  private static final System.Logger LOG = System.getLogger(NativeEnvironment.class.getName());

  /** About 0.1 ms, longer than most operators leave a thread without work. */
  private static final String SPIN_COUNT = "30000";

  private static final List<String> WAITING = List.of("GOMP_SPINCOUNT", "OMP_WAIT_POLICY");

  private NativeEnvironment() {}

  private interface LibC extends Library {
    int setenv(String name, String value, int overwrite);
  }

  /** Sets the variables; has no effect once the engine has loaded. */
  static void prepare() {
    if (CpuInfo.hasAvx512()) {
      set("ATEN_CPU_CAPABILITY", "avx2");
    }
    if (WAITING.stream().allMatch(name -> System.getenv(name) == null)) {
      set("GOMP_SPINCOUNT", SPIN_COUNT);
    }
  }

  private static void set(String name, String value) {
    try {
      Native.load("c", LibC.class).setenv(name, value, /* overwrite= */ 0);
    } catch (LinkageError e) {
      LOG.log(
          Level.WARNING,
          "Cannot set {0}={1} ({2}); set it before starting for faster networks on this processor",
          name,
          value,
          e);
    }
  }
}
