package dev.mezzotint.onnx;

import ai.djl.engine.Engine;
import ai.onnxruntime.OrtEnvironment;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.CpuInfo;
import dev.mezzotint.network.Device;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import java.util.Map;

/**
 * A CPU driven by ONNX Runtime. Samples only. Safe for use by many threads; the networks that it
 * creates are not.
 *
 * @param threads per operator
 */
public record OnnxDevice(int threads) implements Device {
  public OnnxDevice {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
    }
    if (!isAvailable()) {
      throw new IllegalStateException("ONNX Runtime cannot be loaded");
    }
  }

  /** Whether the native libraries of ONNX Runtime can be loaded; logs why they cannot. */
  public static boolean isAvailable() {
    return OnnxEnvironment.isAvailable();
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "cpu %s, %s processors, %s threads, ONNX Runtime %s, DJL %s, Java %s"
        .formatted(
            CpuInfo.name(),
            Runtime.getRuntime().availableProcessors(),
            threads,
            OrtEnvironment.getEnvironment().getVersion(),
            Engine.getDjlVersion(),
            System.getProperty("java.version"));
  }

  @Override
  public long memoryBytes() {
    return CpuInfo.memoryBytes();
  }

  @Override
  public long memoryUsedBytes() {
    return CpuInfo.memoryUsedBytes();
  }

  @Override
  public Precision precision() {
    return Precision.FLOAT32;
  }

  @Override
  public dev.mezzotint.network.Engine engine() {
    return dev.mezzotint.network.Engine.ONNXRUNTIME;
  }

  @Override
  public Device in(Precision precision) {
    if (precision != Precision.FLOAT32) {
      throw new IllegalArgumentException("ONNX Runtime evaluates networks in float32 only");
    }
    return this;
  }

  @Override
  public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
    return new OnnxNetwork(program, weights, threads);
  }

  @Override
  public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
    throw new UnsupportedOperationException("ONNX Runtime does not train networks");
  }
}
