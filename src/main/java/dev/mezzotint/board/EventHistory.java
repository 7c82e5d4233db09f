package dev.mezzotint.board;

import dev.mezzotint.job.JobEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The events that explain how long a job takes: its attempts, where each of them began to advance
 * and had computed everything, its newest progress, and the end. The order of arrival does not
 * matter. Not safe for use by several threads.
 */
final class EventHistory {
  /** A training has about four events a segment. */
  static final int EVENTS_MAX = 100;

  private final NavigableMap<Long, BoardJob.Event> bySequence = new TreeMap<>();
  private boolean ended;

  /** Adds an event; returns whether the history has changed. */
  boolean add(JobEvent event) {
    boolean progress = event.type() == JobEvent.Type.PROGRESSED;
    if ((event.type().terminal() && ended)
        || (progress && !advanced(event.data()))
        || bySequence.containsKey(event.sequence())) {
      return false;
    }
    ended |= event.type().terminal();
    BoardJob.Event kept = BoardJob.Event.of(event);
    bySequence.put(event.sequence(), kept);
    if (progress) {
      prune(event.attempt());
    }
    while (bySequence.size() > EVENTS_MAX) {
      // The first one is where the job was accepted.
      bySequence.tailMap(bySequence.firstKey(), /* inclusive= */ false).pollFirstEntry();
    }
    return bySequence.get(event.sequence()) == kept;
  }

  /** Keeps an attempt's first progress, the first one that is complete, and the newest. */
  private void prune(int attempt) {
    String type = JobEvent.Type.PROGRESSED.wireName();
    List<Map.Entry<Long, BoardJob.Event>> progress =
        bySequence.entrySet().stream()
            .filter(entry -> entry.getValue().attempt() == attempt)
            .filter(entry -> entry.getValue().type().equals(type))
            .toList();
    boolean computed = false;
    for (int i = 0; i < progress.size() - 1; i++) {
      boolean firstComputed = !computed && computed(progress.get(i).getValue());
      computed |= firstComputed;
      if (i > 0 && !firstComputed) {
        bySequence.remove(progress.get(i).getKey());
      }
    }
  }

  /** Progress is also published after a time without any. */
  private static boolean advanced(Map<String, Object> data) {
    return number(data, "done") + number(data, "iteration") + number(data, "pairs") > 0;
  }

  private static boolean computed(BoardJob.Event event) {
    return number(event.data(), "done") > 0
        && number(event.data(), "done") >= number(event.data(), "total");
  }

  private static long number(Map<String, Object> data, String name) {
    return data.get(name) instanceof Number number ? number.longValue() : 0;
  }

  /** In the order in which they happened. */
  List<BoardJob.Event> events() {
    return new ArrayList<>(bySequence.values());
  }
}
