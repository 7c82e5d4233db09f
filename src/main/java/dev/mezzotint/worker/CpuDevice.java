package dev.mezzotint.worker;

import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.onnx.OnnxDevice;
import dev.mezzotint.torch.TorchDevice;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The CPU with both engines: ONNX Runtime samples, since it is the faster one
 * (docs/performance.md), and PyTorch trains. PyTorch also samples jobs that began with it; libtorch
 * loads at its first use. Safe for use by many threads.
 */
final class CpuDevice implements Device {
  private final OnnxDevice onnx;
  private final Supplier<TorchDevice> torch;

  /**
   * @param torch opened at most once by {@link TorchDevice}'s engine, at first use
   */
  CpuDevice(OnnxDevice onnx, Supplier<TorchDevice> torch) {
    this.onnx = onnx;
    this.torch = torch;
  }

  @Override
  public String name() {
    return onnx.name();
  }

  @Override
  public String description() {
    return onnx.description();
  }

  @Override
  public int threads() {
    return onnx.threads();
  }

  @Override
  public long memoryBytes() {
    return onnx.memoryBytes();
  }

  @Override
  public long memoryUsedBytes() {
    return onnx.memoryUsedBytes();
  }

  @Override
  public Precision precision() {
    return onnx.precision();
  }

  @Override
  public Device in(Precision precision) {
    return precision == Precision.FLOAT32 ? this : torch.get().in(precision);
  }

  @Override
  public Engine engine() {
    return onnx.engine();
  }

  @Override
  public Device with(Engine engine) {
    return engine == Engine.PYTORCH ? torch.get() : this;
  }

  @Override
  public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
    return onnx.load(program, weights);
  }

  @Override
  public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
    return torch.get().train(program, state);
  }
}
