package dev.mezzotint.cli;

import dev.mezzotint.iadb.Solver;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** Values of command-line options that shell completion offers. */
public final class Choices {
  private Choices() {}

  /** Of {@code --sampler}. */
  public static final class Samplers implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(Solver.values()).map(Solver::wireName).iterator();
    }
  }

  static final class Noise implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("per-frame", "shared").iterator();
    }
  }

  /** Of {@code pause} and {@code resume}. */
  public static final class Topics implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of(
              "generation",
              "generation.high",
              "generation.low",
              "training",
              "training.high",
              "training.low")
          .iterator();
    }
  }
}
