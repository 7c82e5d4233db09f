package dev.mezzotint.control;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Requests that wait in their topics, as far as somebody must know who ends jobs early: their ids,
 * where they stand and when they are late. Holds no request, since a backlog can be large.
 *
 * <p>A request leaves when its topics' settled part has moved past it and all of its copies. Not
 * safe for use by several threads.
 */
public final class PendingRequests {
  /** A request is left to the workers for so long after its time: those that run it know too. */
  public static final Duration GRACE = Duration.ofMillis(200);

  private final int capacity;
  private final Map<String, Entry> waiting = new HashMap<>();
  private final Map<String, TreeMap<Long, String>> ids = new HashMap<>();
  private final TreeSet<Due> due =
      new TreeSet<>(
          Comparator.comparing(Due::at)
              .thenComparing(Due::id)
              .thenComparing(d -> d.position().offset())
              .thenComparing(d -> d.position().log()));

  /**
   * @param capacity beyond it requests are not remembered: they end when a worker takes them
   */
  public PendingRequests(int capacity) {
    this.capacity = capacity;
  }

  /** Where a request record stands. */
  public record Position(String topic, int partition, long offset) {
    private String log() {
      return topic + "-" + partition;
    }
  }

  /**
   * A request of which no copy waits any more.
   *
   * @param fingerprint of its contents
   * @param position where its latest copy stood
   */
  public record Settled(String id, long fingerprint, Position position) {}

  /**
   * @param position of the latest copy
   * @param open how many copies are not settled
   */
  private record Entry(long fingerprint, Position position, Optional<Instant> deadline, int open) {}

  private record Due(Instant at, String id, Position position) {}

  /**
   * A request stands here; if it was seen before, this place counts, since copies of a request take
   * the place of what they copy.
   *
   * @return false if it is not remembered: there is no room, or another request under the same id
   *     waits, which came first and will have the id
   */
  public boolean add(PendingJobs.PendingRequest request, Position place) {
    String id = request.id();
    Optional<Instant> deadline = request.deadline();
    Entry before = waiting.get(id);
    if (before == null && waiting.size() >= capacity) {
      return false;
    }
    if (before != null) {
      if (before.fingerprint() != request.fingerprint()) {
        return false;
      }
      unschedule(id, before);
    }
    boolean anew = log(place).put(place.offset(), id) == null;
    int open = (before == null ? 0 : before.open()) + (anew ? 1 : 0);
    waiting.put(id, new Entry(request.fingerprint(), place, deadline, open));
    deadline.ifPresent(time -> due.add(new Due(time.plus(GRACE), id, place)));
    return true;
  }

  /** Deadlines can lie years ahead; what is settled must not wait for them here. */
  private void unschedule(String id, Entry entry) {
    entry.deadline().ifPresent(time -> due.remove(new Due(time.plus(GRACE), id, entry.position())));
  }

  private TreeMap<Long, String> log(Position place) {
    return ids.computeIfAbsent(place.log(), log -> new TreeMap<>());
  }

  /** The job is to end; nothing happens if it does not wait. */
  public void cancelRequested(String id, Instant now) {
    scheduleAt(id, now.plus(GRACE));
  }

  /** Asks for this job once more at that time, if it still waits. */
  public void scheduleAt(String id, Instant at) {
    Entry entry = waiting.get(id);
    if (entry != null) {
      due.add(new Due(at, id, entry.position()));
    }
  }

  /** Everything before this offset is settled. */
  public List<Settled> removeSettled(String topic, int partition, long before) {
    List<Settled> gone = new ArrayList<>();
    TreeMap<Long, String> log = ids.get(topic + "-" + partition);
    if (log == null) {
      return gone;
    }
    Map<Long, String> over = log.headMap(before);
    for (String id : over.values()) {
      Entry entry = waiting.get(id);
      if (entry == null) {
        continue;
      }
      if (entry.open() > 1) {
        waiting.put(
            id,
            new Entry(entry.fingerprint(), entry.position(), entry.deadline(), entry.open() - 1));
      } else {
        waiting.remove(id);
        unschedule(id, entry);
        gone.add(new Settled(id, entry.fingerprint(), entry.position()));
      }
    }
    over.clear();
    return gone;
  }

  /** Whether some requests may wait that are not remembered. */
  public boolean isFull() {
    return waiting.size() >= capacity;
  }

  /** Ids and places of those whose time has come, each once for each time that was asked for it. */
  public List<Map.Entry<String, Position>> due(Instant now) {
    List<Map.Entry<String, Position>> come = new ArrayList<>();
    while (!due.isEmpty() && !due.first().at().isAfter(now)) {
      Due next = due.first();
      due.remove(next);
      Entry entry = waiting.get(next.id());
      if (entry != null && entry.position().equals(next.position())) {
        come.add(Map.entry(next.id(), next.position()));
      }
    }
    return come;
  }

  /** How many requests are remembered. */
  public int size() {
    return waiting.size();
  }
}
