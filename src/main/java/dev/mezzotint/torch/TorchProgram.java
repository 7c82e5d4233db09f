package dev.mezzotint.torch;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.training.ParameterStore;
import dev.mezzotint.network.NetworkProgram;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** A program loaded by the engine. Used by one thread at a time; closed by its owner. */
final class TorchProgram implements AutoCloseable {
  /** Passes hold the read lock; the write lock blocks all further passes. */
  private static final ReentrantReadWriteLock PASSES = new ReentrantReadWriteLock();

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
    PASSES.readLock().lock();
    try {
      return IValueUtils.runMethod(block, method, arguments);
    } catch (RuntimeException e) {
      throw MemoryErrors.translate(e);
    } finally {
      PASSES.readLock().unlock();
    }
  }

  /**
   * Calls a method that records gradients; unlike {@link #call} it runs without an inference guard.
   *
   * @param arguments named by DJL's convention: {@code w[]} for each element of a list, and one
   *     marker {@code module_method:NAME}
   */
  NDList callRecording(NDList arguments) {
    PASSES.readLock().lock();
    try {
      return block.forward(new ParameterStore(), arguments, /* training= */ true);
    } catch (RuntimeException e) {
      throw MemoryErrors.translate(e);
    } finally {
      PASSES.readLock().unlock();
    }
  }

  /**
   * Waits for running passes and blocks all further ones in this process.
   *
   * @return whether the running passes ended within the limit
   */
  static boolean awaitQuiescence(Duration limit) throws InterruptedException {
    return PASSES.writeLock().tryLock(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    model.close();
  }
}
