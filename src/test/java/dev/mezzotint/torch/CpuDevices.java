package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;
import java.util.List;

/** The engines that evaluate networks on a CPU, for tests that hold for each of them. */
public final class CpuDevices {
  private CpuDevices() {}

  /** One device of each engine, with one thread. */
  public static List<Device> all() {
    return List.of(TorchDevice.open("cpu", 1), new OnnxDevice(1));
  }
}
