package dev.mezzotint.torch;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.training.ParameterStore;
import dev.mezzotint.network.DevicePasses;
import dev.mezzotint.network.NetworkProgram;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A program loaded by the engine. Used by one thread at a time; closed by its owner. */
final class TorchProgram implements AutoCloseable {
  private final Model model;
  private final PtSymbolBlock block;

  TorchProgram(TorchDevice device, NetworkProgram program) {
    model = Model.newInstance("net", device.device(), "PyTorch");
    try {
      model.load(new ByteArrayInputStream(program.archive()));
    } catch (IOException e) {
      model.close();
      throw new UncheckedIOException(e);
    } catch (MalformedModelException e) {
      model.close();
      throw new IllegalStateException("the engine rejected the program", e);
    }
    block = (PtSymbolBlock) model.getBlock();
  }

  /** Calls a method without recording gradients; the caller closes arguments and result. */
  IValue call(String method, IValue... arguments) {
    return DevicePasses.run(() -> IValueUtils.runMethod(block, method, arguments));
  }

  /**
   * Calls a method that records gradients; unlike {@link #call} it runs without an inference guard.
   *
   * @param arguments named by DJL's convention: {@code w[]} for each element of a list, and one
   *     marker {@code module_method:NAME}
   */
  NDList callRecording(NDList arguments) {
    return DevicePasses.run(
        () -> block.forward(new ParameterStore(), arguments, /* training= */ true));
  }

  @Override
  public void close() {
    model.close();
  }
}
