package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link SlotsTest} on ONNX Runtime. */
class OnnxSlotsTest extends SlotsTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
