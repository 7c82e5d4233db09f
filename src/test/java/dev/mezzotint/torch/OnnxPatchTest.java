package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link PatchTest} on ONNX Runtime. */
class OnnxPatchTest extends PatchTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
