package dev.mezzotint.board;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.job.JobState;
import dev.mezzotint.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What is queued, running and done, as the request topics and the event topic tell it. Both may be
 * read from anywhere on, in any order and more than once: the rules of {@link JobState} decide what
 * counts.
 *
 * <p>Holds the newest jobs only: beyond its capacity it drops those first that ended first, and
 * running ones only if nothing has ended. Safe for use by many threads; listeners are called in the
 * order of the changes, under a lock, and must be quick.
 */
public final class JobBoard {
  private final int capacity;
  private final Consumer<BoardJob> onChange;
  private final Map<String, Entry> jobs = new HashMap<>();

  /** All of them, the newest first. */
  private final TreeSet<Entry> order =
      new TreeSet<>(Comparator.comparing((Entry e) -> e.since).reversed().thenComparing(e -> e.id));

  /** Those that have ended, the first to end first. */
  private final TreeSet<Entry> ended =
      new TreeSet<>(Comparator.comparing((Entry e) -> e.updated).thenComparing(e -> e.id));

  /** A board that tells nobody. */
  public JobBoard(int capacity) {
    this(capacity, job -> {});
  }

  /**
   * @param capacity jobs that are remembered, at least 1
   * @param changed hears of every job that is new or other than before
   */
  public JobBoard(int capacity, Consumer<BoardJob> changed) {
    if (capacity < 1) {
      throw new IllegalArgumentException("a board of " + capacity + " jobs");
    }
    this.capacity = capacity;
    this.onChange = changed;
  }

  /** A job as the board keeps it; guarded by the board. */
  private static final class Entry {
    private final String id;
    private final Map<String, Object> data = new LinkedHashMap<>();
    private final LossHistory lossHistory = new LossHistory();
    private String kind = "";
    private JobState state = JobState.NEW;
    private Instant since;
    private Instant updated;
    private Optional<Instant> started = Optional.empty();
    private Optional<RequestSummary> request = Optional.empty();
    private boolean cancelRequested;

    Entry(String id, Instant at) {
      this.id = id;
      this.since = at;
      this.updated = at;
    }

    BoardJob snapshot() {
      return new BoardJob(
          id,
          kind,
          BoardJob.State.of(state.state()),
          state.attempt(),
          since,
          started,
          updated,
          cancelRequested && !state.over(),
          new LinkedHashMap<>(data),
          request.map(RequestSummary::members).orElse(Map.of()),
          request.map(RequestSummary::truncatedFields).orElse(List.of()),
          lossHistory.points());
    }
  }

  /**
   * A request stands in its topic. The first one under an id counts: another is either a copy of it
   * or will be rejected.
   *
   * @param kind {@code generation} or {@code training}
   * @param at when it was written
   */
  public synchronized void requested(String kind, JobId id, JsonObject request, Instant at) {
    ask(entry(id.value(), at), kind, request, at);
  }

  /**
   * As {@link #requested}, of a request that is done with: a job whose events have all gone by is
   * not taken for one that waits.
   */
  public synchronized void settled(String kind, JobId id, JsonObject request, Instant at) {
    Entry known = jobs.get(id.value());
    if (known != null) {
      ask(known, kind, request, at);
    }
  }

  private void ask(Entry entry, String kind, JsonObject request, Instant at) {
    if (entry.request.isPresent()) {
      return;
    }
    entry.request = Optional.of(RequestSummary.of(request));
    entry.kind = kind;
    since(entry, at);
    settle(entry);
  }

  /** Somebody has called this job off; nothing happens if it is not known or over. */
  public synchronized void cancelRequested(String id) {
    Entry entry = jobs.get(id);
    if (entry != null && !entry.cancelRequested && !entry.state.over()) {
      entry.cancelRequested = true;
      settle(entry);
    }
  }

  /** An event was published. What it adds to what is known counts even if it comes late. */
  public synchronized void event(JobEvent event) {
    if (event.type() == JobEvent.Type.REJECTED || event.jobId().isEmpty()) {
      return; // about a record, not about a job
    }
    Entry entry = entry(event.jobId(), event.time());
    since(entry, event.time());
    Optional<JobState> next = after(entry.state, event);
    if (next.isPresent()) {
      entry.state = next.get();
      take(entry, event);
    } else if (!learn(entry, event)) {
      return;
    }
    settle(entry);
  }

  private static Optional<JobState> after(JobState life, JobEvent event) {
    try {
      return life.after(event);
    } catch (JobState.TwoEndsException e) {
      return Optional.empty(); // the first one heard stays; whoever checks deliveries will tell
    }
  }

  private static void take(Entry entry, JobEvent event) {
    if (event.type() == JobEvent.Type.STARTED && entry.started.isEmpty()) {
      entry.started = Optional.of(event.time());
    }
    if (event.type() == JobEvent.Type.PROGRESSED) {
      entry.lossHistory.add(event.data());
    }
    if (event.data().containsKey("iterations")) {
      entry.kind = "training";
    } else if (entry.kind.isEmpty() && event.data().containsKey("total")) {
      entry.kind = "generation";
    }
    event
        .data()
        .forEach(
            (name, value) -> {
              if (BoardJob.KEPT.contains(name)) {
                entry.data.put(name, value);
              }
            });
    Object total = entry.data.get("total");
    if (event.type() == JobEvent.Type.COMPLETED
        && total != null
        && !event.data().containsKey("failedFrames")) {
      entry.data.put("done", total); // the last progress was told before the end
    }
    entry.updated = event.time();
  }

  /** Of an event that came late: what nobody has said before. */
  private static boolean learn(Entry entry, JobEvent event) {
    boolean learnt = false;
    for (String name : List.of("model", "worker")) {
      Object value = event.data().get(name);
      if (value != null && entry.data.putIfAbsent(name, value) == null) {
        learnt = true;
      }
    }
    boolean start = event.type() == JobEvent.Type.STARTED && event.attempt() == 1;
    if (start && !Objects.equals(entry.started, Optional.of(event.time()))) {
      entry.started = Optional.of(event.time());
      learnt = true;
    }
    return learnt;
  }

  private Entry entry(String id, Instant at) {
    Entry known = jobs.get(id);
    if (known != null) {
      return known;
    }
    Entry fresh = new Entry(id, at);
    jobs.put(id, fresh);
    order.add(fresh);
    return fresh;
  }

  private void since(Entry entry, Instant at) {
    if (at.isBefore(entry.since)) {
      order.remove(entry);
      entry.since = at;
      order.add(entry);
    }
  }

  private void settle(Entry entry) {
    if (entry.state.over()) {
      ended.add(entry);
    }
    while (jobs.size() > capacity) {
      Entry victim = ended.isEmpty() ? order.last() : ended.first();
      jobs.remove(victim.id);
      order.remove(victim);
      ended.remove(victim);
    }
    if (jobs.get(entry.id) == entry) {
      onChange.accept(entry.snapshot());
    }
  }

  /** The job of this id, if it is known. */
  public synchronized Optional<BoardJob> job(String id) {
    return Optional.ofNullable(jobs.get(id)).map(Entry::snapshot);
  }

  /** SHA-256 of the request that made this job, its members sorted; empty if it was not seen. */
  public synchronized Optional<String> fingerprint(String id) {
    return Optional.ofNullable(jobs.get(id))
        .flatMap(entry -> entry.request)
        .map(RequestSummary::fingerprint);
  }

  /** The fingerprint of such a request. */
  public static String fingerprint(JsonObject request) {
    return RequestSummary.of(request).fingerprint();
  }

  /**
   * Jobs from the newest on.
   *
   * @param wanted which of them
   * @param after begins behind this one; empty for the newest
   */
  public synchronized List<BoardJob> newest(
      Predicate<BoardJob> wanted, Optional<Cursor> after, int countMax) {
    List<BoardJob> page = new ArrayList<>();
    for (Entry entry : after.isEmpty() ? order : order.tailSet(at(after.get()), false)) {
      if (page.size() == countMax) {
        break;
      }
      BoardJob job = entry.snapshot();
      if (wanted.test(job)) {
        page.add(job);
      }
    }
    return page;
  }

  /** A place between two jobs, which stays where it is when jobs come and go. */
  public record Cursor(Instant since, String id) {}

  private static Entry at(Cursor mark) {
    return new Entry(mark.id(), mark.since());
  }

  /** How many jobs are in each state. */
  public synchronized Map<BoardJob.State, Integer> counts() {
    Map<BoardJob.State, Integer> counts = new LinkedHashMap<>();
    for (BoardJob.State state : BoardJob.State.values()) {
      counts.put(state, 0);
    }
    jobs.values().forEach(e -> counts.merge(BoardJob.State.of(e.state.state()), 1, Integer::sum));
    return counts;
  }

  /** How many jobs are remembered. */
  public synchronized int size() {
    return jobs.size();
  }
}
