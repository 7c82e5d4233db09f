package dev.mezzotint.torch;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.util.Utils;
import ai.djl.util.cuda.CudaUtils;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.CpuInfo;
import dev.mezzotint.network.MemoryErrors;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * A CPU or GPU driven by libtorch. Safe for use by many threads; the networks that it creates are
 * not.
 *
 * <p>Settings: {@code MEZZOTINT_DEVICE} ({@code cpu}, {@code cuda}, {@code cuda:1}) and {@code
 * MEZZOTINT_THREADS}. The number of threads is fixed when the engine loads, by the first device of
 * the process.
 */
public final class TorchDevice implements dev.mezzotint.network.Device {
  private static final String THREADS = "ai.djl.pytorch.num_threads";

  private final Device device;
  private final Precision precision;

  private TorchDevice(Device device, Precision precision) {
    this.device = device;
    this.precision = precision;
  }

  /**
   * Opens a device; the first call loads the engine.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param threads per operator on the CPU; 0 for all processors
   */
  public static TorchDevice open(String name, int threads) {
    setDefault(THREADS, Integer.toString(threads(threads)));
    setDefault("ai.djl.pytorch.num_interop_threads", "1");
    // The graph optimizer specializes a program per shape in its first calls, which are then slow
    // and round differently; it gains nothing for these programs (docs/performance.md).
    setDefault("ai.djl.pytorch.graph_optimizer", "false");
    setDefault("ai.djl.offline", "true");
    NativeEnvironment.prepare();
    Engine engine = loadEngine();
    if (name.equals("cpu")) {
      return new TorchDevice(Device.cpu(), Precision.FLOAT32);
    }
    refuseIf(
        !name.matches("cuda(:[0-9]{1,2})?"), "device", "must be cpu, cuda or cuda:N, not %s", name);
    int index = name.equals("cuda") ? 0 : Integer.parseInt(name.substring(5));
    if (index >= engine.getGpuCount()) {
      throw InvalidInputException.of(
          "device", "%s does not exist: %s GPUs were found", name, engine.getGpuCount());
    }
    return new TorchDevice(Device.gpu(index), Precision.BF16);
  }

  /** The number of threads for a setting of {@link #open}. */
  public static int threads(int setting) {
    return setting > 0 ? setting : Runtime.getRuntime().availableProcessors();
  }

  /**
   * As {@link #open(String, int)}, with a precision.
   *
   * @param precision of networks for sampling; empty for float32 on a CPU and bfloat16 on a GPU
   */
  public static TorchDevice open(String name, int threads, Optional<Precision> precision) {
    TorchDevice device = open(name, threads);
    return precision.map(device::in).orElse(device);
  }

  /** Loads the engine, whose native library DJL unpacks into a folder at its first use. */
  private static Engine loadEngine() {
    String variable = isSet("ENGINE_CACHE_DIR") ? "ENGINE_CACHE_DIR" : "DJL_CACHE_DIR";
    if (!isSet(variable) && System.getProperty("user.home", "?").equals("?")) {
      throw InvalidInputException.of(
          variable, "must be a folder for PyTorch's native library: this process has no home");
    }
    try {
      return Engine.getEngine("PyTorch");
    } catch (RuntimeException | LinkageError e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (!(cause instanceof IOException || cause instanceof LinkageError)) {
        throw e;
      }
      throw new InvalidInputException(
          variable,
          ("PyTorch's native library cannot be used from the folder %s: %s; set %s to a folder with"
                  + " 500 MB of free space that this process may write to and execute files from")
              .formatted(Utils.getEngineCacheDir(), FileErrors.describe(cause), variable),
          e);
    }
  }

  private static boolean isSet(String variable) {
    String value = Utils.getEnvOrSystemProperty(variable);
    return value != null && !value.isEmpty();
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  @Override
  public String name() {
    return device.isGpu() ? "cuda:" + device.getDeviceId() : "cpu";
  }

  @Override
  public String description() {
    String versions =
        "PyTorch %s, DJL %s, Java %s"
            .formatted(
                Engine.getEngine("PyTorch").getVersion(),
                Engine.getDjlVersion(),
                System.getProperty("java.version"));
    String processor =
        device.isGpu()
            ? name() + ", " + memoryBytes() + " bytes"
            : "cpu %s, %s processors, %s threads"
                .formatted(CpuInfo.name(), Runtime.getRuntime().availableProcessors(), threads());
    return processor + (precision == Precision.BF16 ? ", bf16, " : ", ") + versions;
  }

  @Override
  public int threads() {
    return Integer.getInteger(THREADS, 1);
  }

  @Override
  public long memoryBytes() {
    return device.isGpu() ? CudaUtils.getGpuMemory(device).getMax() : CpuInfo.memoryBytes();
  }

  @Override
  public long memoryUsedBytes() {
    return device.isGpu() ? CudaUtils.getGpuMemory(device).getUsed() : CpuInfo.memoryUsedBytes();
  }

  @Override
  public Precision precision() {
    return precision;
  }

  @Override
  public dev.mezzotint.network.Engine engine() {
    return dev.mezzotint.network.Engine.PYTORCH;
  }

  @Override
  public TorchDevice in(Precision other) {
    return new TorchDevice(device, other);
  }

  @Override
  public SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights) {
    return new TorchNetwork(this, program, weights);
  }

  @Override
  public TrainingNetwork train(NetworkProgram program, OptimizerState state) {
    return new TorchTraining(this, program, state);
  }

  NDManager newManager() {
    return NDManager.newBaseManager(device, "PyTorch");
  }

  Device device() {
    return device;
  }

  /** Copies tensors to the device as float32 arrays, in the order of the program's weights. */
  static PtNDArray[] upload(
      NDManager manager, NetworkProgram program, Map<String, Tensor> tensors) {
    return program.weights().entrySet().stream()
        .map(
            entry -> {
              Tensor tensor = tensors.get(entry.getKey());
              if (tensor == null) {
                throw new IllegalArgumentException("tensor " + entry.getKey() + " is missing");
              }
              if (!java.util.Arrays.equals(tensor.shape(), entry.getValue())) {
                throw new IllegalArgumentException(
                    "tensor " + entry.getKey() + " has the wrong shape");
              }
              try {
                return (PtNDArray)
                    manager.create(
                        tensor.toFloats(), new ai.djl.ndarray.types.Shape(tensor.shape()));
              } catch (OutOfMemoryError e) {
                throw MemoryErrors.of(e);
              }
            })
        .toArray(PtNDArray[]::new);
  }

  static PtNDManager torch(NDManager manager) {
    return (PtNDManager) manager;
  }
}
