package dev.mezzotint.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.util.cuda.CudaUtils;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.TrainingNetwork;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The processor that networks run on, and the engine that drives it. Safe for use by many threads;
 * what it makes is not.
 *
 * <p>Settings: {@code MEZZOTINT_DEVICE} ({@code cpu}, {@code cuda}, {@code cuda:1}) and {@code
 * MEZZOTINT_THREADS}. The number of threads is fixed when the engine loads: the first device of a
 * process decides.
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
   * Loads the engine if this is the first use.
   *
   * @param name {@code cpu}, {@code cuda} or {@code cuda:N}
   * @param threads for one operator on the CPU; 0 for all processors but one: the engine's threads
   *     spin while they wait for each other, and a pass slows down tenfold where something else
   *     wants the last processor
   */
  public static TorchDevice open(String name, int threads) {
    int count = threads > 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    setDefault(THREADS, Integer.toString(count));
    setDefault("ai.djl.pytorch.num_interop_threads", "1");
    // The optimizer specializes a program per shape in its first calls, which makes them slow and
    // their rounding different; on these programs it gains nothing (docs/performance.md).
    setDefault("ai.djl.pytorch.graph_optimizer", "false");
    setDefault("ai.djl.offline", "true");
    VectorKernels.select();
    Engine engine = Engine.getEngine("PyTorch");
    if (name.equals("cpu")) {
      return new TorchDevice(Device.cpu(), Precision.FLOAT32);
    }
    if (!name.matches("cuda(:[0-9]{1,2})?")) {
      throw new InvalidInputException("device", "device must be cpu, cuda or cuda:N, not " + name);
    }
    int index = name.equals("cuda") ? 0 : Integer.parseInt(name.substring(5));
    if (index >= engine.getGpuCount()) {
      throw new InvalidInputException(
          "device",
          "device " + name + " is not there: " + engine.getGpuCount() + " GPUs were found");
    }
    return new TorchDevice(Device.gpu(index), Precision.BF16);
  }

  /**
   * As {@link #open(String, int)}, whose networks are float32 on a CPU and bfloat16 on a GPU.
   *
   * @param precision of networks for sampling, where it shall be another
   */
  public static TorchDevice open(String name, int threads, Optional<Precision> precision) {
    TorchDevice device = open(name, threads);
    return precision.map(device::in).orElse(device);
  }

  /**
   * Waits for the passes in hand and lets no other begin, on any device: for the end of the
   * process, where the engine takes itself down, and a pass that runs on would crash in it. The
   * caller's thread must be the last one to want a device.
   *
   * @return whether they ended in time
   */
  public static boolean awaitQuiescence(Duration limit) throws InterruptedException {
    return TorchProgram.awaitQuiescence(limit);
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
            : "cpu %s, %d processors, %s threads"
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

  /** The tensors of the program's weights, in its order, as float32 arrays on the device. */
  static PtNDArray[] upload(
      NDManager manager, NetworkProgram program, Map<String, Tensor> tensors) {
    return program.weights().entrySet().stream()
        .map(
            entry -> {
              Tensor tensor = tensors.get(entry.getKey());
              if (tensor == null) {
                throw new IllegalArgumentException("no tensor " + entry.getKey());
              }
              if (!java.util.Arrays.equals(tensor.shape(), entry.getValue())) {
                throw new IllegalArgumentException("wrong shape of tensor " + entry.getKey());
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
