package dev.mezzotint.sampling;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which rows take the next step, without device, threads or clock; time is a parameter.
 *
 * <p>Groups (in effect, models) share the device's <em>time</em> by deficit round robin: a pass is
 * charged with the time it took, so that a large network gets no more than a small one. A group's
 * share is that of the highest priority in it. Within a group, places in passes are shared; see
 * {@link GroupQueue}. A row gets a slot when it is first chosen and one is free; after that it may
 * be passed over for a while, but never loses its slot.
 *
 * <p>Used by one thread at a time.
 */
public final class StepPolicy {
  private final Map<String, GroupQueue> groups = new LinkedHashMap<>();
  private final Deque<GroupQueue> roundRobin = new ArrayDeque<>();

  /** Adds a job, whether its group is open or not. */
  public void add(ScheduledJob job) {
    group(job.group).add(job);
  }

  private GroupQueue group(String key) {
    GroupQueue group = groups.get(key);
    if (group == null) {
      group = new GroupQueue(key);
      groups.put(key, group);
      roundRobin.addLast(group);
    }
    return group;
  }

  /**
   * Opens a group: its model is on the device and its rows can run.
   *
   * @param slots rows that may have begun and not ended
   */
  public void open(String group, int slots, BatchCurve curve) {
    group(group).open(slots, curve);
  }

  /** Closes a group whose model leaves the device; none of its rows may be running. */
  void close(String key) {
    GroupQueue group = group(key);
    if (group.residents() > 0) {
      throw new IllegalStateException("group " + key + " has running rows");
    }
    if (group.isEmpty()) {
      groups.remove(key);
      roundRobin.remove(group);
    } else {
      group.close();
    }
  }

  /** Lets no new row of this group start, so that it can be closed. */
  void drain(String group) {
    group(group).drain();
  }

  List<ScheduledJob> clear(String group) {
    return group(group).removeIf(job -> true);
  }

  /** Removes the jobs that match and returns them; their running rows still have their slots. */
  List<ScheduledJob> removeIf(Predicate<ScheduledJob> leaving) {
    List<ScheduledJob> gone = new ArrayList<>();
    groups.values().forEach(group -> gone.addAll(group.removeIf(leaving)));
    groups
        .values()
        .removeIf(group -> !group.isOpen() && group.isEmpty() && roundRobin.remove(group));
    return gone;
  }

  /** Jobs whose deadline can no longer be met; they stay until they are removed. */
  List<ScheduledJob> late(long now) {
    List<ScheduledJob> late = new ArrayList<>();
    groups.values().forEach(group -> late.addAll(group.late(now)));
    return late;
  }

  boolean isIdle(String key) {
    GroupQueue group = groups.get(key);
    return group == null || group.residents() == 0;
  }

  boolean isEmpty(String key) {
    GroupQueue group = groups.get(key);
    return group == null || group.isEmpty();
  }

  Collection<GroupQueue> groups() {
    return groups.values();
  }

  /** The next pass, or null if no row can run. One pass at a time. */
  @Nullable
  public Pass next() {
    double quantum = 0;
    int top = 0;
    for (GroupQueue group : groups.values()) {
      if (group.available() > 0) {
        quantum = Math.max(quantum, group.typicalNanos);
        top = Math.max(top, group.weight());
      }
    }
    if (top == 0) {
      return null;
    }
    while (true) {
      GroupQueue head = roundRobin.getFirst();
      if (head.available() > 0 && head.credit > 0) {
        return head.pass();
      }
      roundRobin.addLast(roundRobin.removeFirst());
      GroupQueue next = roundRobin.getFirst();
      // Unused credit does not accumulate (deficit round robin).
      next.credit =
          next.available() == 0
              ? 0
              : Math.min(quantum, next.credit + quantum * next.weight() / top);
    }
  }

  /** Records a pass that ran; returns the rows whose last pass it was. */
  public List<ScheduledJob.Row> passed(Pass pass, long nanos) {
    return group(pass.group()).passed(pass, nanos);
  }

  /** Memory ran out in the pass; false if the group's passes cannot become smaller. */
  boolean shrink(Pass pass) {
    return group(pass.group()).shrink(pass);
  }
}
