package dev.mezzotint.worker;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.Precision;
import dev.mezzotint.onnx.OnnxDevice;
import dev.mezzotint.torch.TorchDevice;
import java.util.function.Supplier;

/** Opens devices as configured. */
public final class Devices {
  private Devices() {}

  /**
   * Opens the configured device for sampling.
   *
   * @throws InvalidInputException if there is no such device, or it does not have the engine
   */
  public static Device open(WorkerConfig config) {
    return open(config, config.device());
  }

  /**
   * Opens a device for sampling and, in commands, for training.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}
   * @throws InvalidInputException if there is no such device, or it does not have the engine
   */
  static Device open(WorkerConfig config, String name) {
    Supplier<TorchDevice> torch =
        () -> TorchDevice.open(name, config.threads(), config.precision());
    boolean both =
        name.equals("cpu")
            && config.precision().orElse(Precision.FLOAT32) == Precision.FLOAT32
            && OnnxDevice.isAvailable();
    if (both) {
      return new CpuDevice(
          config.engine().orElse(Engine.ONNXRUNTIME),
          new OnnxDevice(TorchDevice.threads(config.threads())),
          torch);
    }
    if (config.engine().orElse(Engine.PYTORCH) == Engine.ONNXRUNTIME) {
      throw new InvalidInputException(
          "MEZZOTINT_ENGINE",
          "MEZZOTINT_ENGINE=onnxruntime is for the device cpu and float32 where ONNX Runtime's"
              + " libraries can be loaded; use auto or pytorch");
    }
    return torch.get();
  }
}
