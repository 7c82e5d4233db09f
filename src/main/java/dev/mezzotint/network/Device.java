package dev.mezzotint.network;

import dev.mezzotint.model.Tensor;
import java.util.Map;

/**
 * A processor that networks run on. Safe for use by many threads; what it makes is used by one
 * thread at a time and closed by whoever asked for it.
 */
public interface Device {

  /** {@code cpu} or {@code cuda:N}. */
  String name();

  /** The processor and the software that drives it, with versions: what timings depend on. */
  String description();

  /** Threads of one operator on the CPU. */
  int threads();

  /** Memory of the device in bytes, whoever uses it. */
  long memoryBytes();

  /** How much of it is in use, whoever uses it. */
  long memoryUsedBytes();

  /** In what the networks of {@link #load} are evaluated. */
  Precision precision();

  /** The same device, with networks evaluated in another precision. */
  Device in(Precision precision);

  /**
   * Puts weights on the device for sampling, in its precision.
   *
   * @param weights by name, exactly those that the program names
   */
  SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights);

  /** Puts a network with its optimizer on the device; its recipe says in what it is evaluated. */
  TrainingNetwork train(NetworkProgram program, OptimizerState state);
}
