package dev.mezzotint.training;

import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import java.util.Map;

/** A device without memory for training; otherwise like the one that it wraps. */
record ShortOfMemory(Device device) implements Device {
  @Override
  public String name() {
    return device.name();
  }

  @Override
  public String description() {
    return device.description();
  }

  @Override
  public int threads() {
    return device.threads();
  }

  @Override
  public long memoryBytes() {
    return device.memoryBytes();
  }

  @Override
  public long memoryUsedBytes() {
    return device.memoryBytes();
  }

  @Override
  public Precision precision() {
    return device.precision();
  }

  @Override
  public Engine engine() {
    return device.engine();
  }

  @Override
  public Device in(Precision precision) {
    return new ShortOfMemory(device.in(precision));
  }

  @Override
  public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
    return device.load(program, weights);
  }

  @Override
  public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
    throw new DeviceMemoryException("tried to allocate 80.00 GiB");
  }
}
