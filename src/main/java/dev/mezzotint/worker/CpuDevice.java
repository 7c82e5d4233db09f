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
 * The CPU with both engines. One of them samples; PyTorch trains. {@link #with} gives the other one
 * to a job that began with it; libtorch loads at its first use. Safe for use by many threads.
 *
 * @param engine that samples
 * @param torch opens PyTorch's device, at each call
 */
record CpuDevice(Engine engine, OnnxDevice onnx, Supplier<TorchDevice> torch) implements Device {

  private Device sampling() {
    return engine == Engine.PYTORCH ? torch.get() : onnx;
  }

  @Override
  public String name() {
    return onnx.name();
  }

  @Override
  public String description() {
    return sampling().description();
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
    return Precision.FLOAT32;
  }

  @Override
  public Device in(Precision precision) {
    return precision == Precision.FLOAT32 ? this : torch.get().in(precision);
  }

  @Override
  public Device with(Engine other) {
    return new CpuDevice(other, onnx, torch);
  }

  @Override
  public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
    return sampling().load(program, weights);
  }

  @Override
  public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
    return torch.get().train(program, state);
  }
}
