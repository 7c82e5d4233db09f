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
 * Which rows take the next step: all decisions of the step loop, without device, threads or clock.
 * Time is what the caller says it is.
 *
 * <p>Groups (models, in effect) share the device's <em>time</em>: deficit round robin, in which a
 * pass is charged with what it took, so that a large network gets no more than a small one. A
 * group's part is that of the highest priority in it. Within a group places in passes are shared,
 * see {@link GroupQueue}. A row enters when it is first chosen and there is a slot for it; a row
 * that has begun may be passed over for a while, but never loses its slot.
 *
 * <p>Used by one thread at a time.
 */
public final class StepPolicy {
  private final Map<String, GroupQueue> groups = new LinkedHashMap<>();
  private final Deque<GroupQueue> turns = new ArrayDeque<>();

  /** A job's rows wait from now on, be its group open or not. */
  public void add(ScheduledJob ticket) {
    group(ticket.group).add(ticket);
  }

  private GroupQueue group(String key) {
    GroupQueue group = groups.get(key);
    if (group == null) {
      group = new GroupQueue(key);
      groups.put(key, group);
      turns.addLast(group);
    }
    return group;
  }

  /**
   * The group's rows can run now.
   *
   * @param slots rows that may have begun and not ended
   */
  public void open(String group, int slots, BatchCurve curve) {
    group(group).open(slots, curve);
  }

  /** The group's model leaves the device; only for a group none of whose rows has begun. */
  void close(String key) {
    GroupQueue group = group(key);
    if (group.residents() > 0) {
      throw new IllegalStateException("group " + key + " has rows under way");
    }
    if (group.isEmpty()) {
      groups.remove(key);
      turns.remove(group);
    } else {
      group.close();
    }
  }

  /** Lets no new row of this group begin, so that it can be shut. */
  void drain(String group) {
    group(group).drain();
  }

  /** All of a group's jobs leave. */
  List<ScheduledJob> clear(String group) {
    return group(group).removeIf(ticket -> true);
  }

  /** Jobs that ask for it leave; rows that had begun name their slots. */
  List<ScheduledJob> removeIf(Predicate<ScheduledJob> leaving) {
    List<ScheduledJob> gone = new ArrayList<>();
    groups.values().forEach(group -> gone.addAll(group.removeIf(leaving)));
    groups.values().removeIf(group -> !group.open() && group.isEmpty() && turns.remove(group));
    return gone;
  }

  /** Jobs whose deadline cannot be met any more; they stay until they are removed. */
  List<ScheduledJob> late(long now) {
    List<ScheduledJob> late = new ArrayList<>();
    groups.values().forEach(group -> late.addAll(group.late(now)));
    return late;
  }

  /** Whether no row of this group has begun. */
  boolean isIdle(String key) {
    GroupQueue group = groups.get(key);
    return group == null || group.residents() == 0;
  }

  /** Whether this group has no rows at all. */
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
      GroupQueue head = turns.getFirst();
      if (head.available() > 0 && head.credit > 0) {
        return head.pass();
      }
      turns.addLast(turns.removeFirst());
      GroupQueue next = turns.getFirst();
      // Nobody saves up: who had nothing to do, or little, starts anew.
      next.credit =
          next.available() == 0
              ? 0
              : Math.min(quantum, next.credit + quantum * next.weight() / top);
    }
  }

  /** The pass took place; gives the rows whose last it was. */
  public List<ScheduledJob.Row> passed(Pass pass, long nanos) {
    return group(pass.group()).passed(pass, nanos);
  }

  /** Memory ran out in the pass; false if the group's passes cannot become smaller. */
  boolean shrink(Pass pass) {
    return group(pass.group()).shrink(pass);
  }
}
