package dev.mezzotint.generation;

import dev.mezzotint.generation.StepLoop.Admitted;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.network.SamplingNetwork;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Rows that may share a pass: one model, one picture size. Used by the step loop's thread alone.
 *
 * <p>Passes come in a few sizes (powers of two): a pass is filled up with a spare slot whose
 * content nobody reads, since a row's last bits may depend on the size of its pass, never on its
 * neighbours.
 */
final class StepGroup implements AutoCloseable {
  /** One picture under way. */
  private static final class Row {
    final Admitted job;
    final SamplingJob.Row source;
    final long slot;
    int stage;

    Row(Admitted job, SamplingJob.Row source, long slot) {
      this.job = job;
      this.source = source;
      this.slot = slot;
    }

    Stage next() {
      return job.job.stages().get(stage);
    }

    boolean finished() {
      return stage == job.job.stages().size();
    }
  }

  private final ModelInfo model;
  private final SamplingNetwork network;
  private final SamplingNetwork.Slots slots;
  private final long spare;
  private final ArrayDeque<Long> free = new ArrayDeque<>();
  private final ArrayDeque<Admitted> waiting = new ArrayDeque<>();
  private final List<Row> rows = new ArrayList<>();

  /**
   * @param network closed with this, also where this cannot be made
   * @param count slots for rows; one more is made for filling up
   */
  StepGroup(ModelInfo model, SamplingNetwork network, int count) {
    this.model = model;
    this.network = network;
    try {
      this.slots = network.slots(count + 1, model.height(), model.width());
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
    this.spare = count;
    for (long slot = 0; slot < count; slot++) {
      free.add(slot);
    }
  }

  void admit(Admitted job) {
    waiting.add(job);
  }

  boolean idle() {
    return rows.isEmpty() && waiting.isEmpty();
  }

  /** Drops rows of jobs that leave, fills free slots, and moves every row one stage on. */
  boolean turn() {
    dropLeaving();
    fill();
    if (rows.isEmpty()) {
      return false;
    }
    step();
    tell();
    finish();
    return true;
  }

  private void dropLeaving() {
    waiting.removeIf(Admitted::leaving);
    for (Iterator<Row> i = rows.iterator(); i.hasNext(); ) {
      Row row = i.next();
      if (row.job.leaving()) {
        free.add(row.slot);
        i.remove();
      }
    }
  }

  /** One row of each waiting job in turn. */
  private void fill() {
    List<Row> entering = new ArrayList<>();
    while (!free.isEmpty() && !waiting.isEmpty()) {
      Admitted job = waiting.poll();
      SamplingJob.Row source = job.waiting.poll();
      if (source != null) {
        entering.add(new Row(job, source, free.poll()));
      }
      if (!job.waiting.isEmpty()) {
        waiting.add(job);
      }
    }
    if (entering.isEmpty()) {
      return;
    }
    rows.addAll(entering); // first: whatever fails from here on, their jobs are to hear of it
    int values = model.channels() * model.height() * model.width();
    float[] x0 = new float[entering.size() * values];
    for (int i = 0; i < entering.size(); i++) {
      entering.get(i).source.x0().write(x0, i * values, values);
    }
    int conditionValues = model.conditionChannels() * model.height() * model.width();
    float[] condition = new float[entering.size() * conditionValues];
    for (int i = 0; i < entering.size(); i++) {
      System.arraycopy(
          entering.get(i).source.condition(), 0, condition, i * conditionValues, conditionValues);
    }
    slots.put(entering.stream().mapToLong(row -> row.slot).toArray(), x0, condition);
  }

  private void step() {
    int size = passSize(rows.size());
    long[] named = new long[size];
    Arrays.fill(named, spare);
    float[] alpha = new float[size];
    float[] coefficients = new float[4 * size];
    long[] classes = new long[size];
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      Stage stage = row.next();
      named[i] = row.slot;
      alpha[i] = (float) stage.alpha();
      coefficients[4 * i] = (float) stage.g0();
      coefficients[4 * i + 1] = (float) stage.g1();
      coefficients[4 * i + 2] = (float) stage.g2();
      coefficients[4 * i + 3] = (float) stage.g3();
      classes[i] = row.job.job.classLabel().orElse(0);
    }
    slots.step(named, alpha, coefficients, classes);
    rows.forEach(row -> row.stage++);
  }

  /** The smallest power of two that holds the rows, at most all slots. */
  private int passSize(int count) {
    int size = 1;
    while (size < count) {
      size *= 2;
    }
    return Math.min(size, (int) spare);
  }

  private void tell() {
    for (Row row : rows) {
      row.job.active++;
    }
    for (Row row : rows) {
      if (row.job.active > 0) {
        int stages = row.job.active;
        row.job.active = 0;
        row.job.advanced(stages);
      }
    }
  }

  /** Rows at their end travel to the host; their slots are free from the next turn on. */
  private void finish() {
    List<Row> finished = rows.stream().filter(Row::finished).toList();
    if (finished.isEmpty()) {
      return;
    }
    float[] pictures = slots.take(finished.stream().mapToLong(row -> row.slot).toArray());
    int values = pictures.length / finished.size();
    rows.removeAll(finished);
    for (int i = 0; i < finished.size(); i++) {
      Row row = finished.get(i);
      free.add(row.slot);
      row.job.finished(
          row.source.index(), Arrays.copyOfRange(pictures, i * values, (i + 1) * values));
    }
  }

  /** All jobs with rows under way or waiting. */
  Set<Admitted> jobs() {
    Set<Admitted> jobs = new LinkedHashSet<>(waiting);
    rows.forEach(row -> jobs.add(row.job));
    return jobs;
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
