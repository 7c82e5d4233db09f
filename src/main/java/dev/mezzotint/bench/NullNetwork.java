package dev.mezzotint.bench;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.model.ModelCard;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.SamplingNetwork.Slots;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelLoader;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network that does nothing, so that everything else can be measured: images are their noise.
 * Only {@code bench queue} knows it. Used by one thread at a time.
 */
final class NullNetwork implements SamplingNetwork {
  static final String NAME = "null";

  private static final int SIDE = 32;
  private static final int VALUES = 3 * SIDE * SIDE;

  /** Loads this network only. Safe for use by many threads. */
  static final class Loader implements ModelLoader {
    @Override
    public ModelInfo find(String reference, Optional<Engine> engine) {
      if (!reference.equals(NAME) && !reference.equals(NAME + "@1")) {
        throw new InvalidInputException("model", "no model " + reference);
      }
      return new ModelInfo(
          NAME,
          /* version= */ "1",
          /* channels= */ 3,
          SIDE,
          SIDE,
          /* classes= */ OptionalInt.empty(),
          /* condition= */ List.of(),
          /* steps= */ 8,
          Solver.EULER,
          /* nullClass= */ OptionalInt.empty(),
          ModelCard.GAUSSIAN,
          /* tuned= */ List.of(),
          /* engine= */ Optional.empty(),
          /* canvas= */ Optional.empty());
    }

    @Override
    public long bytes(ModelInfo model) {
      return 0;
    }

    @Override
    public SamplingNetwork load(ModelInfo model) {
      return new NullNetwork();
    }
  }

  @Override
  public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
    return new float[input.length];
  }

  @Override
  public Slots slots(int count, int height, int width) {
    float[][] x = new float[count][VALUES];
    return new Slots() {
      @Override
      public void put(long[] slots, float[] x0, float[] condition) {
        for (int i = 0; i < slots.length; i++) {
          System.arraycopy(x0, i * VALUES, x[(int) slots[i]], 0, VALUES);
        }
      }

      @Override
      public void step(long[] slots, float[] alpha, float[] coefficients, long[] classes) {}

      @Override
      public float[] take(long[] slots) {
        float[] out = new float[slots.length * VALUES];
        for (int i = 0; i < slots.length; i++) {
          System.arraycopy(x[(int) slots[i]], 0, out, i * VALUES, VALUES);
        }
        return out;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}
}
