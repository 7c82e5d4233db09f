package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link DiffusersParityTest} on ONNX Runtime. */
class OnnxDiffusersParityTest extends DiffusersParityTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
