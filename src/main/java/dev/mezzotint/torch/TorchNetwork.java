package dev.mezzotint.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.MemoryErrors;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.Precision;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UnconditionalInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A network on a libtorch device. Each call creates its arguments in its own scope, so that no
 * native memory outlives the call. Used by one thread at a time.
 */
final class TorchNetwork implements SamplingNetwork {
  private static final long BFLOAT16 = 15; // TorchScript's number of the type

  private final int channels;
  private final int conditionChannels;
  private final TorchProgram program;
  private final NDManager manager;
  private final IValue weights;

  TorchNetwork(TorchDevice device, NetworkProgram program, Map<String, Tensor> tensors) {
    this.channels = program.channels();
    this.conditionChannels = program.conditionChannels();
    this.program = new TorchProgram(device, program);
    this.manager = device.newManager();
    try {
      this.weights = weights(device, program, tensors);
    } catch (RuntimeException | Error e) {
      manager.close();
      this.program.close();
      if (e instanceof RuntimeException failure) {
        throw MemoryErrors.translate(failure);
      }
      throw e;
    }
  }

  /** Loads the weights in the device's precision; float32 originals are released. */
  private IValue weights(TorchDevice device, NetworkProgram program, Map<String, Tensor> tensors) {
    if (device.precision() == Precision.FLOAT32) {
      return IValue.listFrom(TorchDevice.upload(manager, program, tensors));
    }
    try (NDManager uploaded = manager.newSubManager();
        IValue stored = IValue.listFrom(TorchDevice.upload(uploaded, program, tensors));
        IValue dtype = IValue.from(BFLOAT16);
        IValue channelsLast = IValue.from(true)) {
      return this.program.call("cast", stored, dtype, channelsLast);
    }
  }

  @Override
  public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
    int rows = t.length;
    Shape inputShape = new Shape(rows, channels + conditionChannels, height, width);
    try (NDManager scope = manager.newSubManager();
        Arguments in =
            new Arguments()
                .with(() -> scope.create(input, inputShape))
                .with(() -> scope.create(t))
                .with(() -> scope.create(classes));
        IValue result = program.call("forward", in.surroundedBy(weights))) {
      return result.toTensor(TorchDevice.torch(scope)).toFloatArray();
    }
  }

  /** Arrays that live as long as this; the same number before and after any call. */
  int arrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public TorchSlots slots(int count, int height, int width) {
    return new TorchSlots(count, height, width);
  }

  @Override
  public void close() {
    weights.close();
    program.close();
    manager.close();
  }

  /** x, previous directions and conditions of all slots, resident on the device. */
  final class TorchSlots implements Slots {
    private final int height;
    private final int width;
    private final NDManager own = manager.newSubManager();
    private final List<IValue> values = new ArrayList<>();
    private final IValue x;
    private final IValue memory;
    private final IValue condition;

    TorchSlots(int count, int height, int width) {
      this.height = height;
      this.width = width;
      try {
        x = zeros(new Shape(count, channels, height, width));
        memory = zeros(new Shape(count, 3, channels, height, width));
        condition = zeros(new Shape(count, conditionChannels, height, width));
      } catch (RuntimeException e) {
        close();
        throw MemoryErrors.translate(e);
      }
    }

    /** Arrays that live as long as this; the same number before and after any call. */
    int arrays() {
      return own.getManagedArrays().size();
    }

    private IValue zeros(Shape of) {
      IValue value = IValue.from((PtNDArray) own.zeros(of, DataType.FLOAT32));
      values.add(value);
      return value;
    }

    @Override
    public void put(long[] slots, float[] x0, float[] c) {
      try (NDManager scope = own.newSubManager();
          Arguments in =
              new Arguments()
                  .with(() -> scope.create(slots))
                  .with(() -> scope.create(x0, of(slots.length, channels)))
                  .with(() -> scope.create(c, of(slots.length, conditionChannels)));
          IValue ignored = program.call("put", in.precededBy(x, memory, condition))) {
        // fills the slots in place
      } catch (EngineException e) {
        throw MemoryErrors.translate(e); // from the arguments
      }
    }

    private Shape of(int rows, int channels) {
      return new Shape(rows, channels, height, width);
    }

    @Override
    public void step(long[] slots, float[] alpha, float[] coefficients, long[] classes) {
      int rows = slots.length;
      try (NDManager scope = own.newSubManager();
          Arguments in =
              new Arguments()
                  .with(() -> scope.create(slots))
                  .with(() -> scope.create(alpha))
                  .with(() -> scope.create(coefficients, new Shape(rows, 4)))
                  .with(() -> scope.create(classes));
          IValue ignored = program.call("step", in.surroundedBy(x, memory, condition, weights))) {
        // advanced in place
      } catch (EngineException e) {
        throw MemoryErrors.translate(e);
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
      int rows = slots.length;
      long[] nulls = new long[rows];
      float[] stars = new float[rows];
      for (int i = 0; i < rows; i++) {
        nulls[i] =
            unconditional.label().isPresent() ? unconditional.label().getAsInt() : classes[i];
        stars[i] = zeroStar[i] ? 1 : 0;
      }
      try (NDManager scope = own.newSubManager();
          Arguments in =
              new Arguments()
                  .with(() -> scope.create(slots))
                  .with(() -> scope.create(alpha))
                  .with(() -> scope.create(coefficients, new Shape(rows, 4)))
                  .with(() -> scope.create(classes))
                  .with(() -> scope.create(nulls))
                  .with(() -> scope.create(unconditional.zeroCondition() ? 0f : 1f))
                  .with(() -> scope.create(weights))
                  .with(() -> scope.create(stars));
          IValue ignored =
              program.call(
                  "guided_step",
                  in.surroundedBy(x, memory, condition, TorchNetwork.this.weights))) {
        // advanced in place
      } catch (EngineException e) {
        throw MemoryErrors.translate(e);
      }
    }

    @Override
    public void overwrite(long[] slots, float[] values) {
      try (NDManager scope = own.newSubManager();
          Arguments in =
              new Arguments()
                  .with(() -> scope.create(slots))
                  .with(() -> scope.create(values, of(slots.length, channels)));
          IValue ignored = program.call("overwrite", in.precededBy(x))) {
        // replaces x in place
      }
    }

    @Override
    public float[] take(long[] slots) {
      try (NDManager scope = own.newSubManager();
          Arguments in = new Arguments().with(() -> scope.create(slots));
          IValue rows = program.call("take", in.precededBy(x))) {
        return rows.toTensor(TorchDevice.torch(scope)).toFloatArray();
      }
    }

    @Override
    public void close() {
      values.forEach(IValue::close); // each holds its own reference to the tensor
      own.close();
    }
  }

  /** The arguments of one call; closing frees their handles, not the arrays. */
  private static final class Arguments implements AutoCloseable {
    private final List<IValue> own = new ArrayList<>();

    Arguments with(Supplier<NDArray> array) {
      try {
        own.add(IValue.from((PtNDArray) array.get()));
        return this;
      } catch (RuntimeException | Error e) {
        close(); // releases the previous arguments
        throw e;
      }
    }

    IValue[] precededBy(IValue... first) {
      List<IValue> all = new ArrayList<>(List.of(first));
      all.addAll(own);
      return all.toArray(IValue[]::new);
    }

    /**
     * All resident values but the last, then the call's arguments, then the last resident value.
     */
    IValue[] surroundedBy(IValue... resident) {
      List<IValue> all = new ArrayList<>(List.of(resident));
      all.addAll(resident.length - 1, own);
      return all.toArray(IValue[]::new);
    }

    @Override
    public void close() {
      own.forEach(IValue::close);
    }
  }
}
