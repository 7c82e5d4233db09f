package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link ParameterizationTest} on ONNX Runtime. */
class OnnxParameterizationTest extends ParameterizationTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
