package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.mezzotint.network.CpuInfo;
import org.junit.jupiter.api.Test;

class VectorKernelsTest {
  private interface LibC extends Library {
    String getenv(String name);
  }

  @Test
  void environment_selectsAvx2InsteadOfAvx512() {
    String outside = System.getenv("ATEN_CPU_CAPABILITY");
    TorchDevice.open("cpu", 1);

    String read = Native.load("c", LibC.class).getenv("ATEN_CPU_CAPABILITY");
    if (outside != null) {
      assertThat(read).isEqualTo(outside);
    } else {
      assertThat(read).isEqualTo(CpuInfo.hasAvx512() ? "avx2" : null);
    }
  }
}
