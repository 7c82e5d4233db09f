package dev.mezzotint.torch;

import dev.mezzotint.network.Device;
import dev.mezzotint.onnx.OnnxDevice;

/** {@link BatchIndependenceTest} on ONNX Runtime. */
class OnnxBatchIndependenceTest extends BatchIndependenceTest {
  @Override
  Device device() {
    return new OnnxDevice(1);
  }
}
