package dev.mezzotint.onnx;

import ai.onnxruntime.OnnxTensor;
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
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A network in ONNX Runtime. The runtime evaluates the network; rows, directions and solver sums
 * are arrays of this class: they take little time compared with the network. Used by one thread at
 * a time.
 */
final class OnnxNetwork implements SamplingNetwork {
  private final NetworkProgram program;
  private final Parameterization reading;
  private final int channels;
  private final int conditionChannels;
  private final OrtSession session;

  /** The inputs of a pass as the runtime reads them, outside of the heap; they grow with passes. */
  private FloatBuffer inputs = floats(0);

  OnnxNetwork(NetworkProgram program, Map<String, Tensor> tensors, int threads) {
    this.program = program;
    this.reading = program.parameterization();
    this.channels = program.channels();
    this.conditionChannels = program.conditionChannels();
    try {
      this.session = session(program.onnx(tensors), threads);
    } catch (OutOfMemoryError e) {
      throw MemoryErrors.of(e);
    } catch (RuntimeException e) {
      throw MemoryErrors.translate(e);
    }
  }

  private static OrtSession session(ByteBuffer file, int threads) {
    try (SessionOptions options = new SessionOptions()) {
      options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // Between passes the processors are for encoding, storing and publishing.
      options.addConfigEntry("session.force_spinning_stop", "1");
      return OrtEnvironment.getEnvironment().createSession(file, options);
    } catch (OrtException e) {
      throw new IllegalStateException("the engine rejected the network: " + e.getMessage(), e);
    }
  }

  @Override
  public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
    return DevicePasses.run(() -> run(input, height, width, t, classes));
  }

  private float[] run(float[] input, int height, int width, float[] t, long[] classes) {
    if (inputs.capacity() < input.length + t.length) {
      inputs = floats(input.length + t.length);
    }
    inputs.clear().put(input).put(t);
    long[] shape = {t.length, channels + conditionChannels, height, width};
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> in = new HashMap<>();
    try {
      in.put("x", OnnxTensor.createTensor(environment, inputs.slice(0, input.length), shape));
      in.put(
          "t",
          OnnxTensor.createTensor(
              environment, inputs.slice(input.length, t.length), new long[] {t.length}));
      if (program.hasClasses()) {
        in.put("classes", OnnxTensor.createTensor(environment, classes));
      }
      try (OrtSession.Result out = session.run(in)) {
        return ((OnnxTensor) out.get(0)).getFloatBuffer().array();
      }
    } catch (OrtException e) {
      throw new IllegalStateException("the engine failed: " + e.getMessage(), e);
    } finally {
      in.values().forEach(OnnxTensor::close);
    }
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(count, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
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
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("the engine cannot close a network: " + e.getMessage(), e);
    }
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
