package dev.mezzotint.sampling;

import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who of one group joins the next pass. Rows cost the same here, one place in a pass each, so that
 * fair shares are counted in places:
 *
 * <ol>
 *   <li><b>Priorities.</b> Places are given in rounds: a round has {@value #HIGH} for HIGH, {@value
 *       #NORMAL} for NORMAL and {@value #LOW} for LOW, higher ones first; it ends when everybody
 *       who could use a place has used up theirs. So LOW gets one place in {@value #ROUND} at
 *       least, whatever comes in above it.
 *   <li><b>Tenants</b> of one priority take turns, place by place.
 *   <li><b>Jobs</b> of one tenant: the one that is soonest done goes first, since that gives the
 *       shortest wait on average, and every {@value #AGED}th place goes to the oldest, so that no
 *       stream of small jobs holds up a large one for ever.
 * </ol>
 *
 * <p><b>The bound</b> on waiting that follows is {@link #placesBound}. Slots are given freely while
 * more than a quarter is free; the rest in order of age, {@link #AGE_BONUS_NANOS} to the good for
 * each priority above another. Used by one thread at a time.
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

  /** A pass that takes so many times the usual was held up, and is charged with no more. */
  private static final double OUTLIER_FACTOR = 16;

  /** Jobs of one tenant and one priority. */
  private static final class TenantQueue {
    final List<ScheduledJob> jobs = new ArrayList<>(); // in order of arrival
    int places;

    @Nullable ScheduledJob next(Predicate<ScheduledJob> runnable) {
      boolean aged = (places + 1) % AGED == 0;
      ScheduledJob best = null;
      for (ScheduledJob ticket : jobs) {
        if ((best == null || ticket.stagesLeft() < best.stagesLeft()) && runnable.test(ticket)) {
          best = ticket;
          if (aged) {
            break;
          }
        }
      }
      places += best == null ? 0 : 1;
      return best;
    }
  }

  /** Tenants of one priority; whoever was served goes to the end. */
  private static final class PriorityBand {
    final Map<String, TenantQueue> tenants = new LinkedHashMap<>();
    final int weight;
    int places;

    PriorityBand(int weight) {
      this.weight = weight;
    }

    @Nullable ScheduledJob next(Predicate<ScheduledJob> runnable) {
      for (Map.Entry<String, TenantQueue> entry : tenants.entrySet()) {
        ScheduledJob ticket = entry.getValue().next(runnable);
        if (ticket != null) {
          TenantQueue served = entry.getValue();
          tenants.remove(entry.getKey());
          tenants.put(ticket.tenant, served);
          return ticket;
        }
      }
      return null;
    }
  }

  final String key;
  private final Map<Priority, PriorityBand> bands = new EnumMap<>(Priority.class);

  /** Who had a place in a pass for which memory ran out. */
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

  /** Of the deficit round robin over groups: device time that it may still use. */
  double credit;

  /** Of the group's passes, smoothed: one that was held up by something else says little. */
  double typicalNanos = 1;

  private boolean timed;

  GroupQueue(String key) {
    this.key = key;
    bands.put(Priority.HIGH, new PriorityBand(HIGH));
    bands.put(Priority.NORMAL, new PriorityBand(NORMAL));
    bands.put(Priority.LOW, new PriorityBand(LOW));
  }

  /**
   * Places of a group's passes that may go to others before a runnable job gets one: the oldest job
   * of its tenant gets every {@value #AGED}th of its tenant's places, the tenant one of as many as
   * there are tenants of the priority, and the priority its share of each round. A pass gives at
   * least one place.
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

  /** Its model is on the device. */
  void open(int slotCount, BatchCurve measured) {
    slots = slotCount;
    curve = measured;
    cap = measured.cap();
    draining = false;
  }

  /** Its model is not on the device, or no longer: all wait. */
  void close() {
    slots = 0;
  }

  boolean open() {
    return slots > 0;
  }

  /** No row enters any more, so that the model can leave the device. */
  void drain() {
    draining = true;
  }

  void add(ScheduledJob ticket) {
    band(ticket).tenants.computeIfAbsent(ticket.tenant, t -> new TenantQueue()).jobs.add(ticket);
    waiting += ticket.waiting();
  }

  void remove(ScheduledJob ticket) {
    retryFirst.removeIf(other -> other == ticket);
    residents -= ticket.resident().size();
    waiting -= ticket.waiting();
    leave(ticket);
  }

  private void leave(ScheduledJob ticket) {
    Map<String, TenantQueue> lines = band(ticket).tenants;
    TenantQueue line = java.util.Objects.requireNonNull(lines.get(ticket.tenant));
    line.jobs.remove(ticket);
    if (line.jobs.isEmpty()) {
      lines.remove(ticket.tenant);
    }
  }

  private PriorityBand band(ScheduledJob ticket) {
    return java.util.Objects.requireNonNull(bands.get(ticket.priority));
  }

  List<ScheduledJob> jobs() {
    List<ScheduledJob> all = new ArrayList<>();
    for (PriorityBand rank : bands.values()) {
      rank.tenants.values().forEach(line -> all.addAll(line.jobs));
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

  int cap() {
    return cap;
  }

  int slots() {
    return slots;
  }

  BatchCurve curve() {
    return curve;
  }

  /** Rows that could be in the next pass. */
  int available() {
    return open() ? residents + (draining ? 0 : Math.min(waiting, slots - residents)) : 0;
  }

  /** The highest weight of those who have rows here. */
  int weight() {
    for (Map.Entry<Priority, PriorityBand> rank : bands.entrySet()) {
      if (!rank.getValue().tenants.isEmpty()) {
        return rank.getValue().weight;
      }
    }
    return 0;
  }

  /** Puts the next pass together; only called while rows are available. */
  Pass pass() {
    int size = curve.choose(available(), cap);
    int places = Math.min(size, available());
    List<ScheduledJob.Row> rows = new ArrayList<>(places);
    while (rows.size() < places) {
      ScheduledJob first = retryFirst.poll();
      ScheduledJob ticket = first != null && first.runnable(/* mayEnter= */ false) ? first : next();
      int before = ticket.waiting();
      rows.add(ticket.join());
      if (ticket.waiting() < before) {
        waiting--;
        residents++;
      }
    }
    return new Pass(key, rows, size);
  }

  private ScheduledJob next() {
    ScheduledJob entrant = entrant();
    boolean free = entrant != null && 4 * (slots - residents) > Math.max(4, slots);
    Predicate<ScheduledJob> runnable = ticket -> ticket.runnable(free || ticket == entrant);
    for (int round = 0; round < 2; round++) {
      for (PriorityBand rank : bands.values()) {
        ScheduledJob ticket = rank.places == 0 ? null : rank.next(runnable);
        if (ticket != null) {
          rank.places--;
          return ticket;
        }
      }
      bands.values().forEach(rank -> rank.places = rank.weight);
    }
    throw new IllegalStateException("group " + key + " has fewer rows than it counted");
  }

  /** Who gets the next slot where they are scarce; null if there is none to be had. */
  private @Nullable ScheduledJob entrant() {
    if (draining || residents >= slots || waiting == 0) {
      return null;
    }
    ScheduledJob first = null;
    for (PriorityBand rank : bands.values()) {
      for (TenantQueue line : rank.tenants.values()) {
        for (ScheduledJob ticket : line.jobs) {
          if (ticket.waiting() > 0 && (first == null || age(ticket) < age(first))) {
            first = ticket;
          }
        }
      }
    }
    return first;
  }

  private static long age(ScheduledJob ticket) {
    return ticket.arrived + ticket.priority.ordinal() * AGE_BONUS_NANOS;
  }

  /**
   * The pass took place.
   *
   * @return rows whose last it was; they hold no slot from now on
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

  /** After memory ran out: tries the next larger size when all has gone well for long. */
  private void recover() {
    if (cap < curve.cap() && ++passesAtCap >= recovery) {
      cap = curve.above(cap);
      passesAtCap = 0;
    }
  }

  /**
   * Memory ran out in the pass: its rows stay where they were, and passes become smaller.
   *
   * @return false if they cannot
   */
  boolean shrink(Pass pass) {
    pass.rows().forEach(row -> row.job.retry(row));
    // Whose turn it was, it is still.
    List<ScheduledJob> again = pass.rows().stream().map(row -> row.job).toList();
    retryFirst.addAll(0, again);
    int smaller = curve.below(pass.size());
    if (smaller == pass.size()) {
      return false;
    }
    cap = smaller;
    passesAtCap = 0;
    recovery *= 2; // the next attempt at a larger size comes later than the last
    return true;
  }

  /**
   * Jobs that are too late, or will be even if the device were theirs alone.
   *
   * @param now on the clock of deadlines
   */
  List<ScheduledJob> late(long now) {
    List<ScheduledJob> late = new ArrayList<>();
    for (PriorityBand rank : bands.values()) {
      for (TenantQueue line : rank.tenants.values()) {
        for (ScheduledJob ticket : line.jobs) {
          if (ticket.deadline != ScheduledJob.NEVER
              && now + nanosAtLeast(ticket) > ticket.deadline) {
            late.add(ticket);
          }
        }
      }
    }
    return late;
  }

  /** Stages one after the other, or all rows' together, whichever takes longer. */
  private long nanosAtLeast(ScheduledJob ticket) {
    if (!open()) {
      return 0;
    }
    double oneByOne = (double) ticket.longest() * curve.nanos()[0];
    double together = ticket.stagesLeft() * curve.nanosPerRow(cap);
    return (long) (pace * Math.max(oneByOne, together));
  }

  /** Removes all tickets that ask for it, and says which. */
  List<ScheduledJob> removeIf(Predicate<ScheduledJob> leaving) {
    List<ScheduledJob> gone = jobs().stream().filter(leaving).toList();
    gone.forEach(this::remove);
    return gone;
  }
}
