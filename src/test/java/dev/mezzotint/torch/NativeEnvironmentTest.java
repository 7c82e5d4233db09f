package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.mezzotint.network.CpuInfo;
import org.junit.jupiter.api.Test;

class NativeEnvironmentTest {
  private interface LibC extends Library {
    String getenv(String name);
  }

  @Test
  void environment_selectsAvx2InsteadOfAvx512() {
    check("ATEN_CPU_CAPABILITY", CpuInfo.hasAvx512() ? "avx2" : null);
  }

  @Test
  void environment_boundsSpinning_unlessTheUserDoes() {
    check("GOMP_SPINCOUNT", System.getenv("OMP_WAIT_POLICY") == null ? "30000" : null);
  }

  private static void check(String name, String expected) {
    String outside = System.getenv(name);
    TorchDevice.open("cpu", 1);

    String read = Native.load("c", LibC.class).getenv(name);
    assertThat(read).isEqualTo(outside != null ? outside : expected);
  }
}
