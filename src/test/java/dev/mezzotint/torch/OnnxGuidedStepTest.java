package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link GuidedStepTest} on ONNX Runtime. */
class OnnxGuidedStepTest extends GuidedStepTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
