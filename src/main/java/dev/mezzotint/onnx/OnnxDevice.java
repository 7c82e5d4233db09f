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
  private static final System.Logger LOG = System.getLogger(OnnxDevice.class.getName());

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
    // DJL would load libtorch for operators on arrays, which are not used here.
    System.setProperty("ai.djl.onnx.disable_alternative", "true");
    try {
      return Engine.getEngine(OnnxNetwork.ENGINE) != null; // also creates its environment
    } catch (RuntimeException | LinkageError e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "ONNX Runtime cannot be loaded from {0} ({1}): PyTorch samples",
          System.getProperty("java.io.tmpdir"),
          e);
      return false;
    }
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "cpu %s, %d processors, %d threads, ONNX Runtime %s, DJL %s, Java %s"
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
