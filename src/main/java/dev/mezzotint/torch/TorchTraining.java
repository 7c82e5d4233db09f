package dev.mezzotint.torch;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.training.GradientCollector;
import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.MemoryErrors;
import dev.mezzotint.network.NetworkProgram;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.TrainingNetwork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Weights, moving average and Adam's state on a libtorch device; each step is one native call that
 * changes them in place. Used by the thread that created it: gradients are recorded per thread.
 */
final class TorchTraining implements TrainingNetwork {
  private final TorchProgram program;
  private final NDManager manager;
  private final Map<String, Integer> positions =
      new LinkedHashMap<>(); // name → index in the arrays
  private final PtNDArray[] weights;
  private final PtNDArray[] ema;
  private final PtNDArray[] firstMoments;
  private final PtNDArray[] secondMoments;
  private final PtNDArray[] steps;
  private final NDArray marker;

  private long iteration;

  TorchTraining(TorchDevice device, NetworkProgram program, OptimizerState state) {
    this.iteration = state.iteration();
    program.weights().keySet().forEach(name -> positions.put(name, positions.size()));
    this.program = new TorchProgram(device, program);
    this.manager = device.newManager();
    try {
      this.weights = named("w[]", TorchDevice.upload(manager, program, state.weights()));
      this.firstMoments = named("m[]", TorchDevice.upload(manager, program, state.firstMoments()));
      this.secondMoments =
          named("v[]", TorchDevice.upload(manager, program, state.secondMoments()));
      this.ema = named("ema[]", TorchDevice.upload(manager, program, state.ema()));
      PtNDArray[] counters = new PtNDArray[positions.size()];
      for (int i = 0; i < counters.length; i++) {
        counters[i] = (PtNDArray) manager.create((float) state.iteration());
      }
      this.steps = named("steps[]", counters);
      this.marker = manager.create(0f);
      marker.setName("module_method:train_step");
    } catch (RuntimeException | Error e) {
      close(); // releases the arrays created so far
      if (e instanceof RuntimeException failure) {
        throw MemoryErrors.translate(failure);
      }
      throw e;
    }
  }

  private static PtNDArray[] named(String name, PtNDArray[] arrays) {
    for (PtNDArray array : arrays) {
      array.setName(name);
    }
    return arrays;
  }

  /** Arrays that live as long as this; the same number before and after any call. */
  int arrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public StepResult step(Batch batch, double learningRate, double emaDecay) {
    try (NDManager scope = manager.newSubManager();
        GradientCollector recording = Engine.getEngine("PyTorch").newGradientCollector()) {
      Shape pixels = new Shape(batch.rows(), batch.channels(), batch.height(), batch.width());
      Shape maps =
          new Shape(batch.rows(), batch.conditionChannels(), batch.height(), batch.width());
      NDList arguments = new NDList();
      arguments.add(scope.create(batch.x1(), pixels));
      arguments.add(scope.create(batch.x0(), pixels));
      arguments.add(scope.create(batch.condition(), maps));
      arguments.add(scope.create(batch.alpha()));
      arguments.add(scope.create(batch.classes()));
      arguments.add(rates(scope, learningRate, emaDecay));
      for (PtNDArray[] list : List.of(weights, firstMoments, secondMoments, steps, ema)) {
        arguments.addAll(new NDList(list));
      }
      arguments.add(marker);
      NDList result = program.callRecording(arguments);
      // GPU sync point: copies two numbers to the host.
      float[] lossAndNorm = result.get(0).toFloatArray();
      result.close();
      iteration++;
      return new StepResult(lossAndNorm[0], lossAndNorm[1]);
    } catch (OutOfMemoryError e) {
      throw MemoryErrors.of(e);
    }
  }

  /** Always on the CPU, because the program reads them as plain numbers. */
  private static NDArray rates(NDManager scope, double learningRate, double emaDecay) {
    NDManager host = scope.newSubManager(ai.djl.Device.cpu());
    return host.create(new double[] {learningRate, emaDecay});
  }

  @Override
  public long iteration() {
    return iteration;
  }

  @Override
  public Tensor read(OptimizerState.Part part, String name) {
    PtNDArray[] arrays =
        switch (part) {
          case WEIGHTS -> weights;
          case EMA -> ema;
          case FIRST_MOMENTS -> firstMoments;
          case SECOND_MOMENTS -> secondMoments;
        };
    Integer index = positions.get(name);
    if (index == null) {
      throw new IllegalArgumentException("the network has no weight " + name);
    }
    return download(name, arrays[index]);
  }

  @Override
  public Map<String, Tensor> ema() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    positions.forEach((name, index) -> tensors.put(name, download(name, ema[index])));
    return tensors;
  }

  private static Tensor download(String name, PtNDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalStateException(name + " is not float32");
    }
    return Tensor.ofFloats(array.toFloatArray(), array.getShape().getShape());
  }

  @Override
  public void close() {
    program.close();
    manager.close();
  }
}
