package dev.mezzotint.onnx;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.onnxruntime.engine.OrtNDManager;
import ai.djl.onnxruntime.engine.OrtSymbolBlock;
import ai.djl.training.ParameterStore;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.DevicePasses;
import dev.mezzotint.network.MemoryErrors;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Parameterization;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UnconditionalInput;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * A network in ONNX Runtime. The runtime evaluates the network; rows, directions and solver sums
 * are arrays of this class: they take little time compared with the network. Used by one thread at
 * a time.
 */
final class OnnxNetwork implements SamplingNetwork {
  static final String ENGINE = "OnnxRuntime";

  private final NetworkProgram program;
  private final Parameterization reading;
  private final int channels;
  private final int conditionChannels;
  private final OrtNDManager manager;
  private final OrtSymbolBlock block;
  private final ParameterStore parameters;

  OnnxNetwork(NetworkProgram program, Map<String, Tensor> tensors, int threads) {
    this.program = program;
    this.reading = program.parameterization();
    this.channels = program.channels();
    this.conditionChannels = program.conditionChannels();
    this.manager = (OrtNDManager) NDManager.newBaseManager(Device.cpu(), ENGINE);
    // Without a manager of its own it would load the engine of DJL's choice, libtorch.
    this.parameters = new ParameterStore(manager, /* copy= */ false);
    try {
      this.block = new OrtSymbolBlock(session(program.onnx(tensors), threads), manager);
    } catch (OutOfMemoryError e) {
      manager.close();
      throw MemoryErrors.of(e);
    } catch (RuntimeException e) {
      manager.close();
      throw MemoryErrors.translate(e);
    }
  }

  /** DJL's own way to load a model copies it several times on the heap. */
  private static OrtSession session(ByteBuffer file, int threads) {
    try (SessionOptions options = new SessionOptions()) {
      options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      return OrtEnvironment.getEnvironment().createSession(file, options);
    } catch (OrtException e) {
      throw new IllegalStateException("the engine rejected the network: " + e.getMessage(), e);
    }
  }

  @Override
  public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
    Shape shape = new Shape(t.length, channels + conditionChannels, height, width);
    return DevicePasses.run(
        () -> {
          try (NDManager scope = manager.newSubManager()) {
            NDList in = new NDList(named("x", scope.create(input, shape)));
            in.add(named("t", scope.create(t)));
            if (program.hasClasses()) {
              in.add(named("classes", scope.create(classes)));
            }
            NDList out = block.forward(parameters, in, /* training= */ false);
            try (out) {
              return out.get(0).toFloatArray();
            }
          }
        });
  }

  private static NDArray named(String name, NDArray array) {
    array.setName(name);
    return array;
  }

  @Override
  public Slots slots(int count, int height, int width) {
    try {
      return new OnnxSlots(count, height, width);
    } catch (OutOfMemoryError e) {
      throw MemoryErrors.of(e);
    } catch (ArithmeticException e) {
      throw new DeviceMemoryException(count + " slots are more than an array can hold", e);
    }
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }

  /** x, three previous directions and the condition of all slots, slot by slot. */
  private final class OnnxSlots implements Slots {
    private final int height;
    private final int width;
    private final int image;
    private final int part;
    private final float[] x;
    private final float[] condition;
    private final float[][] memory;

    OnnxSlots(int count, int height, int width) {
      this.height = height;
      this.width = width;
      this.image = Math.multiplyExact(channels, Math.multiplyExact(height, width));
      this.part = Math.multiplyExact(conditionChannels, height * width);
      this.x = new float[Math.multiplyExact(count, image)];
      this.condition = new float[Math.multiplyExact(count, part)];
      this.memory = new float[3][x.length];
    }

    @Override
    public void put(long[] slots, float[] x0, float[] c) {
      for (int i = 0; i < slots.length; i++) {
        int slot = (int) slots[i];
        System.arraycopy(x0, i * image, x, slot * image, image);
        System.arraycopy(c, i * part, condition, slot * part, part);
        for (float[] direction : memory) {
          Arrays.fill(direction, slot * image, (slot + 1) * image, 0);
        }
      }
    }

    @Override
    public void step(long[] slots, float[] alpha, float[] coefficients, long[] classes) {
      float[] directions = directions(slots, alpha, classes, /* conditions= */ true);
      for (int i = 0; i < slots.length; i++) {
        advance((int) slots[i], directions, i * image, coefficients, 4 * i);
      }
    }

    @Override
    public void guidedStep(
        long[] slots,
        float[] alpha,
        float[] coefficients,
        long[] classes,
        float[] weights,
        boolean[] zeroStar,
        UnconditionalInput unconditional) {
      long[] nulls = classes.clone();
      unconditional.label().ifPresent(label -> Arrays.fill(nulls, label));
      float[] with = directions(slots, alpha, classes, /* conditions= */ true);
      float[] without = directions(slots, alpha, nulls, !unconditional.zeroCondition());
      for (int i = 0; i < slots.length; i++) {
        Guidance guidance = new Guidance(weights[i], zeroStar[i]);
        float[] guided = Arrays.copyOfRange(with, i * image, (i + 1) * image);
        guidance.apply(guided, Arrays.copyOfRange(without, i * image, (i + 1) * image), guided);
        advance((int) slots[i], guided, 0, coefficients, 4 * i);
      }
    }

    /**
     * Evaluates the network for some slots.
     *
     * @param conditions whether it sees the conditions; otherwise zeros
     * @return directions, n×C×height×width
     */
    private float[] directions(long[] slots, float[] alpha, long[] classes, boolean conditions) {
      int rows = slots.length;
      float[] input = new float[rows * (image + part)];
      float[] t = new float[rows];
      for (int i = 0; i < rows; i++) {
        int slot = (int) slots[i];
        int start = i * (image + part);
        float scale = reading.inputScale(alpha[i]);
        for (int k = 0; k < image; k++) {
          input[start + k] = scale * x[slot * image + k];
        }
        if (conditions) {
          System.arraycopy(condition, slot * part, input, start + image, part);
        }
        t[i] = reading.timestep(alpha[i]);
      }
      float[] output = evaluate(input, height, width, t, classes);
      for (int i = 0; i < rows; i++) {
        int slot = (int) slots[i];
        reading.toDirection(output, i * image, (i + 1) * image, x, slot * image, alpha[i]);
      }
      return output;
    }

    /** x += g0·d + g1·m1 + g2·m2 + g3·m3; then d is the newest direction of the slot. */
    private void advance(int slot, float[] d, int offset, float[] g, int stage) {
      int start = slot * image;
      for (int k = 0; k < image; k++) {
        x[start + k] +=
            g[stage] * d[offset + k]
                + g[stage + 1] * memory[0][start + k]
                + g[stage + 2] * memory[1][start + k]
                + g[stage + 3] * memory[2][start + k];
      }
      System.arraycopy(memory[1], start, memory[2], start, image);
      System.arraycopy(memory[0], start, memory[1], start, image);
      System.arraycopy(d, offset, memory[0], start, image);
    }

    @Override
    public void overwrite(long[] slots, float[] values) {
      for (int i = 0; i < slots.length; i++) {
        System.arraycopy(values, i * image, x, (int) slots[i] * image, image);
      }
    }

    @Override
    public float[] take(long[] slots) {
      float[] taken = new float[slots.length * image];
      for (int i = 0; i < slots.length; i++) {
        System.arraycopy(x, (int) slots[i] * image, taken, i * image, image);
      }
      return taken;
    }

    @Override
    public void close() {
      // arrays of the JVM
    }
  }
}
