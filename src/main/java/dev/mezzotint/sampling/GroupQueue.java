package dev.mezzotint.sampling;

import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the rows of one group for the next pass. All rows of a group cost the same, one place in
 * a pass, so fair shares are counted in places:
 *
 * <ol>
 *   <li><b>Priorities.</b> Places are given in rounds: a round has {@value #HIGH} for HIGH, {@value
 *       #NORMAL} for NORMAL and {@value #LOW} for LOW, higher ones first; it ends when all that
 *       could use a place have used up theirs. So LOW gets at least one place in {@value #ROUND},
 *       whatever the load above it.
 *   <li><b>Tenants</b> of one priority are served round robin, place by place.
 *   <li><b>Jobs</b> of one tenant: the one with the least work left goes first, which gives the
 *       shortest mean wait, and every {@value #AGED}th place goes to the oldest, so that a stream
 *       of small jobs cannot starve a large one.
 * </ol>
 *
 * <p><b>The bound</b> on waiting that follows is {@link #placesBound}. Slots are given to any job
 * while more than a quarter is free; the rest in order of age, with a bonus of {@link
 * #AGE_BONUS_NANOS} for each priority above another. Used by one thread at a time.
 */
final class GroupQueue {
  static final int HIGH = 16;
  static final int NORMAL = 4;
  static final int LOW = 1;
  static final int ROUND = HIGH + NORMAL + LOW;
  static final int AGED = 8;
  static final long AGE_BONUS_NANOS = 30_000_000_000L;

  /** Passes in a row that must succeed before a larger size is tried again. */
  static final long RECOVERY_PASSES = 1_000;

  private static final double SMOOTHING = 0.1;

  /** A pass is charged with at most this multiple of the usual time; beyond it, it was held up. */
  private static final double OUTLIER_FACTOR = 16;

  /** Jobs of one tenant and one priority. */
  private static final class TenantQueue {
    final List<ScheduledJob> jobs = new ArrayList<>(); // in order of arrival
    int places;

    @Nullable ScheduledJob next(Predicate<ScheduledJob> runnable) {
      boolean aged = (places + 1) % AGED == 0;
      ScheduledJob best = null;
      for (ScheduledJob job : jobs) {
        if ((best == null || job.stagesLeft() < best.stagesLeft()) && runnable.test(job)) {
          best = job;
          if (aged) {
            break;
          }
        }
      }
      places += best == null ? 0 : 1;
      return best;
    }
  }

  /** Tenants of one priority; a tenant that was served goes to the end. */
  private static final class PriorityBand {
    final Map<String, TenantQueue> tenants = new LinkedHashMap<>();
    final int weight;
    int places;

    PriorityBand(int weight) {
      this.weight = weight;
    }

    @Nullable ScheduledJob next(Predicate<ScheduledJob> runnable) {
      for (Map.Entry<String, TenantQueue> entry : tenants.entrySet()) {
        ScheduledJob job = entry.getValue().next(runnable);
        if (job != null) {
          TenantQueue served = entry.getValue();
          tenants.remove(entry.getKey());
          tenants.put(job.tenant, served);
          return job;
        }
      }
      return null;
    }
  }

  final String key;
  private final Map<Priority, PriorityBand> bands = new EnumMap<>(Priority.class);

  /** Jobs whose pass failed for lack of memory, once per row; served first in the next pass. */
  private final LinkedList<ScheduledJob> retryFirst = new LinkedList<>();

  private int slots;
  private int residents;
  private int waiting;
  private boolean draining;
  private BatchCurve curve = BatchCurve.unmeasured(1);
  private int cap;
  private long passesAtCap;
  private long recovery = RECOVERY_PASSES;
  private double pace = 1;

  /** Device time that the group may still use: its deficit in the round robin over groups. */
  double credit;

  /** Time of the group's passes, smoothed. */
  double typicalNanos = 1;

  private boolean timed;

  GroupQueue(String key) {
    this.key = key;
    bands.put(Priority.HIGH, new PriorityBand(HIGH));
    bands.put(Priority.NORMAL, new PriorityBand(NORMAL));
    bands.put(Priority.LOW, new PriorityBand(LOW));
  }

  /**
   * Most places in a group's passes that go to other jobs before a runnable job gets one: the
   * oldest job of its tenant gets every {@value #AGED}th of the tenant's places, the tenant one in
   * as many as there are tenants of the priority, and the priority its share of each round. A pass
   * has at least one place.
   */
  static int placesBound(Priority priority, int tenants) {
    int weight = weight(priority);
    int rounds = (AGED * tenants + weight - 1) / weight + 1;
    return rounds * ROUND;
  }

  static int weight(Priority priority) {
    return switch (priority) {
      case HIGH -> HIGH;
      case NORMAL -> NORMAL;
      case LOW -> LOW;
    };
  }

  /** The group's model is on the device. */
  void open(int slotCount, BatchCurve measured) {
    slots = slotCount;
    curve = measured;
    cap = measured.cap();
    draining = false;
  }

  /** The group's model is not on the device: all jobs wait. */
  void close() {
    slots = 0;
  }

  boolean isOpen() {
    return slots > 0;
  }

  /** Admits no further rows, so that the model can leave the device. */
  void drain() {
    draining = true;
  }

  void add(ScheduledJob job) {
    band(job).tenants.computeIfAbsent(job.tenant, t -> new TenantQueue()).jobs.add(job);
    waiting += job.waiting();
  }

  void remove(ScheduledJob job) {
    retryFirst.removeIf(other -> other == job);
    residents -= job.resident().size();
    waiting -= job.waiting();
    leave(job);
  }

  private void leave(ScheduledJob job) {
    Map<String, TenantQueue> tenants = band(job).tenants;
    TenantQueue queue = Objects.requireNonNull(tenants.get(job.tenant));
    queue.jobs.remove(job);
    if (queue.jobs.isEmpty()) {
      tenants.remove(job.tenant);
    }
  }

  private PriorityBand band(ScheduledJob job) {
    return Objects.requireNonNull(bands.get(job.priority));
  }

  List<ScheduledJob> jobs() {
    List<ScheduledJob> all = new ArrayList<>();
    for (PriorityBand band : bands.values()) {
      band.tenants.values().forEach(queue -> all.addAll(queue.jobs));
    }
    return all;
  }

  boolean isEmpty() {
    return residents == 0 && waiting == 0;
  }

  int residents() {
    return residents;
  }

  int waiting() {
    return waiting;
  }

  /** Rows that could be in the next pass. */
  int available() {
    return isOpen() ? residents + (draining ? 0 : Math.min(waiting, slots - residents)) : 0;
  }

  /** The highest weight of the priorities with rows here. */
  int weight() {
    for (Map.Entry<Priority, PriorityBand> band : bands.entrySet()) {
      if (!band.getValue().tenants.isEmpty()) {
        return band.getValue().weight;
      }
    }
    return 0;
  }

  /** Assembles the next pass; only called while rows are available. */
  Pass pass() {
    int size = curve.choose(available(), cap);
    int places = Math.min(size, available());
    List<ScheduledJob.Row> rows = new ArrayList<>(places);
    while (rows.size() < places) {
      ScheduledJob first = retryFirst.poll();
      ScheduledJob job = first != null && first.runnable(/* mayEnter= */ false) ? first : next();
      int before = job.waiting();
      rows.add(job.join());
      if (job.waiting() < before) {
        waiting--;
        residents++;
      }
    }
    return new Pass(key, rows, size);
  }

  private ScheduledJob next() {
    ScheduledJob entrant = entrant();
    boolean free = entrant != null && 4 * (slots - residents) > Math.max(4, slots);
    Predicate<ScheduledJob> runnable = job -> job.runnable(free || job == entrant);
    for (int round = 0; round < 2; round++) {
      for (PriorityBand band : bands.values()) {
        ScheduledJob job = band.places == 0 ? null : band.next(runnable);
        if (job != null) {
          band.places--;
          return job;
        }
      }
      bands.values().forEach(band -> band.places = band.weight);
    }
    throw new IllegalStateException("group " + key + " has fewer rows than counted");
  }

  /** The job that gets the next slot where slots are scarce; null if there is none to give. */
  private @Nullable ScheduledJob entrant() {
    if (draining || residents >= slots || waiting == 0) {
      return null;
    }
    ScheduledJob first = null;
    for (PriorityBand band : bands.values()) {
      for (TenantQueue queue : band.tenants.values()) {
        for (ScheduledJob job : queue.jobs) {
          if (job.waiting() > 0 && (first == null || age(job) < age(first))) {
            first = job;
          }
        }
      }
    }
    return first;
  }

  private static long age(ScheduledJob job) {
    return job.arrived + job.priority.ordinal() * AGE_BONUS_NANOS;
  }

  /**
   * Records a pass that ran.
   *
   * @return rows whose last pass it was; they hold no slot from now on
   */
  List<ScheduledJob.Row> passed(Pass pass, long nanos) {
    List<ScheduledJob.Row> finished = new ArrayList<>();
    for (ScheduledJob.Row row : pass.rows()) {
      if (row.job.passed(row)) {
        finished.add(row);
        residents--;
        if (row.job.stagesLeft() == 0) {
          leave(row.job);
        }
      }
    }
    charge(pass, Math.max(1, nanos));
    recover();
    return finished;
  }

  private void charge(Pass pass, long nanos) {
    double fair = timed ? Math.min(nanos, OUTLIER_FACTOR * typicalNanos) : nanos;
    typicalNanos = timed ? typicalNanos + SMOOTHING * (fair - typicalNanos) : nanos;
    timed = true;
    credit -= fair;
    long expected = curve.nanosOf(pass.size());
    if (expected > 0) {
      pace += SMOOTHING * (Math.min(OUTLIER_FACTOR, (double) nanos / expected) - pace);
    }
  }

  /** After memory ran out: tries the next larger size once enough passes have succeeded. */
  private void recover() {
    if (cap < curve.cap() && ++passesAtCap >= recovery) {
      cap = curve.above(cap);
      passesAtCap = 0;
    }
  }

  /**
   * Memory ran out in the pass: its rows stay where they are, and passes become smaller.
   *
   * @return false if passes are as small as they can be
   */
  boolean shrink(Pass pass) {
    pass.rows().forEach(row -> row.job.retry(row));
    // The rows keep their places for the retried pass.
    List<ScheduledJob> again = pass.rows().stream().map(row -> row.job).toList();
    retryFirst.addAll(0, again);
    int smaller = curve.below(pass.size());
    if (smaller == pass.size()) {
      return false;
    }
    cap = smaller;
    passesAtCap = 0;
    recovery *= 2; // back off: the next attempt at a larger size comes later
    return true;
  }

  /**
   * Jobs that have missed their deadline, or would miss it with the device to themselves.
   *
   * @param now on the clock of deadlines
   */
  List<ScheduledJob> late(long now) {
    List<ScheduledJob> late = new ArrayList<>();
    for (PriorityBand band : bands.values()) {
      for (TenantQueue queue : band.tenants.values()) {
        for (ScheduledJob job : queue.jobs) {
          if (job.deadline != ScheduledJob.NEVER && now + nanosAtLeast(job) > job.deadline) {
            late.add(job);
          }
        }
      }
    }
    return late;
  }

  /** The longer of: one row's stages in sequence, or all rows' stages at the best rate. */
  private long nanosAtLeast(ScheduledJob job) {
    if (!isOpen()) {
      return 0;
    }
    double oneByOne = (double) job.longest() * curve.nanos()[0];
    double together = job.stagesLeft() * curve.nanosPerRow(cap);
    return (long) (pace * Math.max(oneByOne, together));
  }

  List<ScheduledJob> removeIf(Predicate<ScheduledJob> leaving) {
    List<ScheduledJob> gone = jobs().stream().filter(leaving).toList();
    gone.forEach(this::remove);
    return gone;
  }
}
