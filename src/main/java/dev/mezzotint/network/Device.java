package dev.mezzotint.network;

import dev.mezzotint.model.Tensor;
import java.util.Map;

/**
 * A processor that networks run on. Safe for use by many threads; the networks that it creates are
 * used by one thread at a time and closed by the caller.
 */
public interface Device {

  /** {@code cpu} or {@code cuda:N}. */
  String name();

  /** Processor and software with versions, which timings depend on. */
  String description();

  /** Number of CPU threads per operator. */
  int threads();

  long memoryBytes();

  /** Memory in use by all processes, in bytes. */
  long memoryUsedBytes();

  /** Precision in which networks of {@link #load} are evaluated. */
  Precision precision();

  Device in(Precision precision);

  /** The engine that evaluates networks of {@link #load}. */
  Engine engine();

  /** Returns the same device with another engine, or this if it has no other. */
  default Device with(Engine engine) {
    return this;
  }

  /**
   * Loads weights onto the device for sampling, in its precision.
   *
   * @param weights by name, exactly those of the program
   */
  SamplingNetwork load(NetworkProgram program, Map<String, Tensor> weights);

  /** Loads a network with its optimizer; the program's training step sets the precision. */
  TrainingNetwork train(NetworkProgram program, OptimizerState state);
}
