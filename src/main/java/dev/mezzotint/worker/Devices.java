package dev.mezzotint.worker;

import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.Precision;
import dev.mezzotint.onnx.OnnxDevice;
import dev.mezzotint.torch.TorchDevice;
import java.util.Optional;
import java.util.function.Supplier;

/** Opens devices as configured. */
public final class Devices {
  private Devices() {}

  /**
   * Opens the configured device for sampling.
   *
   * @throws dev.mezzotint.json.InvalidInputException if there is no such device
   */
  public static Device open(WorkerConfig config) {
    return open(config, config.device());
  }

  /**
   * Opens a device for sampling and, in commands, for training.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}
   * @throws dev.mezzotint.json.InvalidInputException if there is no such device
   */
  static Device open(WorkerConfig config, String name) {
    int threads = config.threads();
    Supplier<TorchDevice> torch = () -> TorchDevice.open(name, threads, config.precision());
    return usesOnnx(name, config.engine(), config.precision())
        ? new CpuDevice(new OnnxDevice(TorchDevice.threads(threads)), torch)
        : torch.get();
  }

  private static boolean usesOnnx(
      String device, Optional<Engine> engine, Optional<Precision> precision) {
    return device.equals("cpu")
        && precision.orElse(Precision.FLOAT32) == Precision.FLOAT32
        && engine.orElse(Engine.ONNXRUNTIME) == Engine.ONNXRUNTIME;
  }
}
