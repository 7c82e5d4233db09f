package dev.mezzotint.sampling;

import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.DeviceMemoryException;
import dev.mezzotint.network.SamplingNetwork;
import dev.mezzotint.sampling.ScheduledJob.Row;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A group on the device: a network, slots for its rows, and one padding slot, whose content is
 * never read, that fills passes up to their size. Used by one thread at a time.
 */
final class StepGroup implements AutoCloseable {
  private final ModelInfo model;
  private final SamplingNetwork network;
  private final SamplingNetwork.Slots slots;
  private final int count;
  private final ArrayDeque<Long> free = new ArrayDeque<>();

  /**
   * @param network closed with this, also if the constructor fails
   * @param count slots for rows, besides the one for padding
   */
  StepGroup(ModelInfo model, SamplingNetwork network, int count) {
    this.model = model;
    this.network = network;
    this.count = count;
    try {
      this.slots = network.slots(count + 1, model.height(), model.width());
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
    for (long slot = 0; slot < count; slot++) {
      free.add(slot);
    }
  }

  /** Memory of a model's slots: x, three previous directions, the condition. */
  static long slotBytes(ModelInfo model, int count) {
    long values = 4L * model.channels() + model.conditionChannels();
    return Float.BYTES * values * model.height() * model.width() * (count + 1L);
  }

  SamplingNetwork.Slots slots() {
    return slots;
  }

  long paddingSlot() {
    return count;
  }

  /**
   * Runs one stage of the pass's rows; rows without a slot get one first.
   *
   * @throws DeviceMemoryException if memory ran out; no row has changed, and the pass may be
   *     retried
   */
  void step(Pass pass) {
    enter(pass.rows().stream().filter(row -> row.slot == Row.NO_SLOT).toList());
    int size = pass.size();
    long[] named = new long[size];
    Arrays.fill(named, paddingSlot());
    float[] alpha = new float[size];
    float[] coefficients = new float[4 * size];
    long[] classes = new long[size];
    for (int i = 0; i < pass.rows().size(); i++) {
      Row row = pass.rows().get(i);
      SamplingJob job = job(row);
      Stage stage = job.stages().get(row.stage());
      named[i] = row.slot;
      alpha[i] = (float) stage.alpha();
      coefficients[4 * i] = (float) stage.g0();
      coefficients[4 * i + 1] = (float) stage.g1();
      coefficients[4 * i + 2] = (float) stage.g2();
      coefficients[4 * i + 3] = (float) stage.g3();
      classes[i] = job.classLabel().orElse(0);
    }
    if (pass.rows().stream().anyMatch(row -> job(row).guidance().guides())) {
      guidedStep(pass, named, alpha, coefficients, classes);
    } else {
      slots.step(named, alpha, coefficients, classes);
    }
    runHooks(pass);
  }

  private void guidedStep(
      Pass pass, long[] named, float[] alpha, float[] coefficients, long[] classes) {
    float[] weights = new float[named.length];
    boolean[] zeroStar = new boolean[named.length];
    Arrays.fill(weights, 1);
    for (int i = 0; i < pass.rows().size(); i++) {
      Row row = pass.rows().get(i);
      Guidance guidance = job(row).guidance();
      weights[i] = (float) guidance.weight();
      zeroStar[i] = guidance.zeroStar();
    }
    slots.guidedStep(
        named,
        alpha,
        coefficients,
        classes,
        weights,
        zeroStar,
        model.unguided().orElseThrow(() -> new IllegalStateException("cannot be guided")));
  }

  /** Reads the rows whose hooks want it, and writes back those that were changed. */
  private void runHooks(Pass pass) {
    List<Row> wanted =
        pass.rows().stream().filter(row -> source(row).hook().wantsStage(row.stage() + 1)).toList();
    if (wanted.isEmpty()) {
      return;
    }
    try {
      float[] all = slots.peek(wanted.stream().mapToLong(row -> row.slot).toArray());
      int values = all.length / wanted.size();
      for (int i = 0; i < wanted.size(); i++) {
        Row row = wanted.get(i);
        float[] x = Arrays.copyOfRange(all, i * values, (i + 1) * values);
        if (source(row).hook().afterStage(row.stage() + 1, x)) {
          slots.overwrite(new long[] {row.slot}, x);
        }
      }
    } catch (DeviceMemoryException e) {
      // The rows have passed their stage: the pass cannot be retried.
      throw new IllegalStateException("no memory to read rows", e);
    }
  }

  private void enter(List<Row> entering) {
    if (entering.isEmpty()) {
      return;
    }
    int values = model.values();
    int conditionValues = model.conditionChannels() * model.height() * model.width();
    float[] x0 = new float[entering.size() * values];
    float[] condition = new float[entering.size() * conditionValues];
    List<Long> given = new ArrayList<>();
    for (int i = 0; i < entering.size(); i++) {
      SamplingJob.Row source = source(entering.get(i));
      source.x0().write(x0, i * values, values);
      source.condition().write(condition, i * conditionValues);
      given.add(free.element());
      free.remove();
    }
    try {
      slots.put(given.stream().mapToLong(Long::longValue).toArray(), x0, condition);
    } catch (RuntimeException | Error e) {
      free.addAll(given); // the next pass tries again
      throw e;
    }
    for (int i = 0; i < entering.size(); i++) {
      entering.get(i).slot = given.get(i);
    }
  }

  /** Reads finished rows, C×H×W each, and frees their slots. */
  List<float[]> take(List<Row> finished) {
    float[] all;
    try {
      all = slots.take(finished.stream().mapToLong(row -> row.slot).toArray());
    } catch (DeviceMemoryException e) {
      // The rows have left their pass: a smaller one would not read them.
      throw new IllegalStateException("no memory to read finished rows", e);
    }
    int values = all.length / finished.size();
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < finished.size(); i++) {
      images.add(Arrays.copyOfRange(all, i * values, (i + 1) * values));
    }
    finished.forEach(this::release);
    return images;
  }

  /** Frees the row's slot, if it has one. */
  void release(Row row) {
    if (row.slot != Row.NO_SLOT) {
      free.add(row.slot);
      row.slot = Row.NO_SLOT;
    }
  }

  private static SamplingJob job(Row row) {
    return SubmittedJob.of(row).job;
  }

  static SamplingJob.Row source(Row row) {
    return job(row).rows().get(row.index);
  }

  @Override
  public void close() {
    try {
      slots.close();
    } finally {
      network.close();
    }
  }
}
