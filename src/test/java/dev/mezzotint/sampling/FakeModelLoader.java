package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.Engine;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.network.UnconditionalInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Networks in plain Java with a known field: d = x/2 + 3·sin(α + class) + condition. They record
 * misuse of slots, and can be made to fail or to wait.
 */
public final class FakeModelLoader implements ModelLoader {
  private static final long BYTES = 100_000;

  /** Permits to take a step; unlimited unless a test holds them back. */
  final Semaphore steps = new Semaphore(Integer.MAX_VALUE / 2);

  /** Permits to load a model; likewise. */
  final Semaphore loadGate = new Semaphore(Integer.MAX_VALUE / 2);

  /** Every step on every network: the first values of the x0 of the rows in it, in order. */
  final List<List<Float>> passes = new CopyOnWriteArrayList<>();

  final List<Integer> passSizes = new CopyOnWriteArrayList<>();
  final List<String> loads = new CopyOnWriteArrayList<>();
  final List<String> closed = new CopyOnWriteArrayList<>();
  final Set<String> broken = ConcurrentHashMap.newKeySet();
  final AtomicInteger failingSteps = new AtomicInteger();

  /** Passes of more rows run out of memory. */
  final AtomicInteger memoryRows = new AtomicInteger(Integer.MAX_VALUE);

  /** Number of reads of finished rows that run out of memory. */
  final AtomicInteger failingTakes = new AtomicInteger();

  /** Passes that only checked that the device works. */
  final AtomicInteger probes = new AtomicInteger();

  final List<String> misuse = new CopyOnWriteArrayList<>();

  static ModelInfo model(String name) {
    return TestModels.model(name, "1", 1, 1, 2, OptionalInt.empty(), 0, 4, Solver.EULER);
  }

  static ModelInfo conditioned(String name) {
    return TestModels.model(name, "1", 1, 1, 2, OptionalInt.of(5), 2, 4, Solver.EULER);
  }

  static float direction(float x, float alpha, long label, float condition) {
    return x / 2 + 3 * (float) Math.sin(alpha + label) + condition;
  }

  /** Expected result of a row, independent of its neighbours. */
  public static float[] alone(float[] x0, List<Stage> stages, long label, float condition) {
    float[] x = x0.clone();
    float[][] memory = new float[3][x.length];
    for (Stage stage : stages) {
      float[] shares = {
        (float) stage.g0(), (float) stage.g1(), (float) stage.g2(), (float) stage.g3()
      };
      advance(x, memory, (float) stage.alpha(), shares, label, condition);
    }
    return x;
  }

  private static void advance(
      float[] x, float[][] memory, float alpha, float[] g, long label, float condition) {
    for (int i = 0; i < x.length; i++) {
      float d = direction(x[i], alpha, label, condition);
      x[i] = x[i] + g[0] * d + g[1] * memory[0][i] + g[2] * memory[1][i] + g[3] * memory[2][i];
      memory[2][i] = memory[1][i];
      memory[1][i] = memory[0][i];
      memory[0][i] = d;
    }
  }

  /** Memory for this number of models, and not for one more. */
  static StepLoopSettings settings(int slots, int models) {
    long each = BYTES + StepGroup.slotBytes(conditioned("any"), slots);
    return StepLoopSettings.of(slots).withModelBytesMax(models * each);
  }

  @Override
  public ModelInfo find(String reference, Optional<Engine> engine) {
    return model(reference);
  }

  @Override
  public long bytes(ModelInfo model) {
    return BYTES;
  }

  @Override
  public SamplingNetwork load(ModelInfo model) {
    if (broken.contains(model.name())) {
      throw new InvalidInputException("conv_in.weight", "tensor conv_in.weight is missing");
    }
    loadGate.acquireUninterruptibly();
    loads.add(model.name());
    return new PlainNetwork(model);
  }

  private final class PlainNetwork implements SamplingNetwork {
    private final ModelInfo model;

    PlainNetwork(ModelInfo model) {
      this.model = model;
    }

    @Override
    public float[] evaluate(float[] input, int height, int width, float[] t, long[] classes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Slots slots(int count, int height, int width) {
      return new PlainSlots(
          count, model.channels() * height * width, height * width, model.conditionChannels());
    }

    @Override
    public void close() {
      closed.add(model.name());
    }
  }

  private final class PlainSlots implements SamplingNetwork.Slots {
    private final float[][] x;
    private final float[][][] memory;
    private final float[] condition;
    private final float[] marker;
    private final boolean[] used;
    private final int values;
    private final int conditionValues;
    private boolean over;

    PlainSlots(int count, int values, int pixels, int conditionChannels) {
      this.values = values;
      this.conditionValues = pixels * conditionChannels;
      x = new float[count][values];
      memory = new float[count][3][values];
      condition = new float[count];
      marker = new float[count];
      used = new boolean[count];
    }

    private void require(boolean holds, String otherwise) {
      if (!holds) {
        misuse.add(otherwise);
      }
    }

    @Override
    public void put(long[] slots, float[] x0, float[] c) {
      require(!over, "put after close");
      require(x0.length == slots.length * values, "length of x0");
      require(c.length == slots.length * conditionValues, "length of condition");
      for (int i = 0; i < slots.length; i++) {
        int slot = (int) slots[i];
        require(slot < x.length - 1, "the spare slot is filled");
        require(!used[slot], "slot " + slot + " is filled while in use");
        used[slot] = true;
        x[slot] = Arrays.copyOfRange(x0, i * values, (i + 1) * values);
        memory[slot] = new float[3][values];
        condition[slot] = conditionValues == 0 ? 0 : c[i * conditionValues];
        marker[slot] = x[slot][0];
      }
    }

    @Override
    public void step(long[] slots, float[] alpha, float[] coefficients, long[] classes) {
      if (Arrays.stream(slots).allMatch(slot -> slot == x.length - 1)) {
        probes.incrementAndGet();
        return;
      }
      steps.acquireUninterruptibly();
      require(!over, "step after close");
      if (failingSteps.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        throw new IllegalStateException("the device is lost");
      }
      if (slots.length > memoryRows.get()) {
        throw new DeviceMemoryException("no memory for " + slots.length + " rows");
      }
      List<Float> rows = new ArrayList<>();
      Set<Long> seen = new HashSet<>();
      for (int i = 0; i < slots.length; i++) {
        int slot = (int) slots[i];
        if (slot < x.length - 1) {
          require(seen.add(slots[i]), "slot " + slot + " twice in a pass");
          require(used[slot], "slot " + slot + " was not filled");
          rows.add(marker[slot]);
        }
        float[] shares = Arrays.copyOfRange(coefficients, 4 * i, 4 * i + 4);
        advance(x[slot], memory[slot], alpha[i], shares, classes[i], condition[slot]);
      }
      passSizes.add(slots.length);
      passes.add(rows);
    }

    @Override
    public float[] take(long[] slots) {
      require(!over, "take after close");
      boolean rows = Arrays.stream(slots).anyMatch(slot -> slot < x.length - 1);
      if (rows && failingTakes.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        throw new DeviceMemoryException("no memory to read " + slots.length + " rows");
      }
      float[] out = new float[slots.length * values];
      for (int i = 0; i < slots.length; i++) {
        int slot = (int) slots[i];
        require(used[slot] || slot == x.length - 1, "slot " + slot + " is taken though empty");
        used[slot] = false;
        System.arraycopy(x[slot], 0, out, i * values, values);
      }
      return out;
    }

    @Override
    public void guidedStep(
        long[] slots,
        float[] alpha,
        float[] coefficients,
        long[] classes,
        float[] weights,
        boolean[] zeroStar,
        UnconditionalInput without) {
      throw new UnsupportedOperationException("no class of these models is null");
    }

    @Override
    public void overwrite(long[] slots, float[] chw) {
      require(!over, "overwrite after close");
      for (int i = 0; i < slots.length; i++) {
        int slot = (int) slots[i];
        require(used[slot], "slot " + slot + " is overwritten though empty");
        System.arraycopy(chw, i * values, x[slot], 0, values);
      }
    }

    @Override
    public float[] peek(long[] slots) {
      float[] out = new float[slots.length * values];
      for (int i = 0; i < slots.length; i++) {
        require(used[(int) slots[i]], "slot " + slots[i] + " is looked at though empty");
        System.arraycopy(x[(int) slots[i]], 0, out, i * values, values);
      }
      return out;
    }

    @Override
    public void close() {
      over = true;
    }
  }
}
