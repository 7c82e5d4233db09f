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
import org.apache.kafka.common.TopicPartition;

/**
 * Index of queued requests: their ids, positions and deadlines. Does not hold the requests, since a
 * backlog can be large.
 *
 * <p>A request is removed when it and all of its copies are settled. Not safe for use by several
 * threads.
 */
public final class PendingRequests {
  /** Time after a cancellation or deadline in which a worker that runs the job may end it first. */
  public static final Duration GRACE = Duration.ofMillis(200);

  private final int capacity;
  private final Map<String, Entry> waiting = new HashMap<>();
  private final Map<String, TreeMap<Long, String>> ids = new HashMap<>();
  private final Map<String, Long> ended = new HashMap<>();
  private final TreeSet<Due> due =
      new TreeSet<>(
          Comparator.comparing(Due::at)
              .thenComparing(Due::id)
              .thenComparing(d -> d.position().offset())
              .thenComparing(d -> d.position().log()));

  /**
   * @param capacity number of requests remembered at most; others end when a worker takes them
   */
  public PendingRequests(int capacity) {
    this.capacity = capacity;
  }

  /** The position of a record. */
  public record Position(String topic, int partition, long offset) {
    TopicPartition topicPartition() {
      return new TopicPartition(topic, partition);
    }

    private String log() {
      return topic + "-" + partition;
    }
  }

  /**
   * A request whose copies are all settled.
   *
   * @param fingerprint of its contents
   * @param position of its latest copy
   */
  public record Settled(String id, long fingerprint, Position position) {}

  /**
   * @param position of the latest copy
   * @param open number of unsettled copies
   * @param ended whether the job has ended and only its copies are left
   */
  private record Entry(
      long fingerprint, Position position, Optional<Instant> deadline, int open, boolean ended) {}

  private record Due(Instant at, String id, Position position) {}

  /**
   * Adds a request, or the new position of a known one, since copies replace their originals.
   *
   * @return false if it was not added: there is no room, or a different request with the same id
   *     came first and keeps the id
   */
  public boolean add(PendingJobs.PendingRequest request, Position position) {
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
    boolean added = log(position).put(position.offset(), id) == null;
    int open = (before == null ? 0 : before.open()) + (added ? 1 : 0);
    boolean over = before != null && before.ended();
    if (over && added) {
      countEnded(position.topic(), 1);
    }
    waiting.put(id, new Entry(request.fingerprint(), position, deadline, open, over));
    deadline.ifPresent(time -> due.add(new Due(time.plus(GRACE), id, position)));
    return true;
  }

  /** Removes its deadline, which may be years ahead, so that a settled request takes no memory. */
  private void unschedule(String id, Entry entry) {
    entry.deadline().ifPresent(time -> due.remove(new Due(time.plus(GRACE), id, entry.position())));
  }

  private TreeMap<Long, String> log(Position position) {
    return ids.computeIfAbsent(position.log(), log -> new TreeMap<>());
  }

  /** Schedules the end of a job; no effect if it is not queued. */
  public void cancelRequested(String id, Instant now) {
    scheduleAt(id, now.plus(GRACE));
  }

  /** Schedules another check of a job, if it is still queued. */
  public void scheduleAt(String id, Instant at) {
    Entry entry = waiting.get(id);
    if (entry != null) {
      due.add(new Due(at, id, entry.position()));
    }
  }

  /** The job has ended; its copies stay until a worker takes them. */
  public void jobEnded(String id) {
    Entry entry = waiting.get(id);
    if (entry != null && !entry.ended()) {
      waiting.put(
          id,
          new Entry(entry.fingerprint(), entry.position(), entry.deadline(), entry.open(), true));
      countEnded(entry.position().topic(), entry.open());
    }
  }

  private void countEnded(String topic, long copies) {
    ended.merge(topic, copies, Long::sum);
  }

  /** Number of unsettled copies by topic whose jobs have ended. */
  public Map<String, Long> ended() {
    return Map.copyOf(ended);
  }

  /** Removes requests before this offset; returns those without another unsettled copy. */
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
      if (entry.ended()) {
        countEnded(topic, -1);
      }
      if (entry.open() > 1) {
        waiting.put(
            id,
            new Entry(
                entry.fingerprint(),
                entry.position(),
                entry.deadline(),
                entry.open() - 1,
                entry.ended()));
      } else {
        waiting.remove(id);
        unschedule(id, entry);
        gone.add(new Settled(id, entry.fingerprint(), entry.position()));
      }
    }
    over.clear();
    return gone;
  }

  /** Returns whether there may be queued requests that are not remembered. */
  public boolean isFull() {
    return waiting.size() >= capacity;
  }

  /** Removes and returns the requests whose scheduled time has come, once per scheduled time. */
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

  public int size() {
    return waiting.size();
  }
}
