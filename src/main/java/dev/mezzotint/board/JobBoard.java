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
 * The list of queued, running and ended jobs, built from requests and events. These may arrive from
 * any point on, in any order and more than once: the rules of {@link JobState} decide what counts.
 *
 * <p>Holds the newest jobs only: beyond its capacity it drops the jobs that ended first, and
 * running ones only if none has ended. Safe for use by many threads; the listener is called in the
 * order of the changes, under a lock, and must be quick.
 */
public final class JobBoard {
  private final int capacity;
  private final Consumer<BoardJob> onChange;
  private final Map<String, Entry> jobs = new HashMap<>();

  /** All jobs, newest first. */
  private final TreeSet<Entry> order =
      new TreeSet<>(Comparator.comparing((Entry e) -> e.since).reversed().thenComparing(e -> e.id));

  /** Ended jobs, in the order of their ends. */
  private final TreeSet<Entry> ended =
      new TreeSet<>(Comparator.comparing((Entry e) -> e.updated).thenComparing(e -> e.id));

  public JobBoard(int capacity) {
    this(capacity, job -> {});
  }

  /**
   * @param capacity number of jobs held, at least 1
   * @param onChange receives every new or changed job
   */
  public JobBoard(int capacity, Consumer<BoardJob> onChange) {
    if (capacity < 1) {
      throw new IllegalArgumentException("the capacity must be at least 1, not " + capacity);
    }
    this.capacity = capacity;
    this.onChange = onChange;
  }

  /** A job's mutable state; guarded by the board. */
  private static final class Entry {
    private final String id;
    private final Map<String, Object> data = new LinkedHashMap<>();
    private final LossHistory lossHistory = new LossHistory();
    private final EventHistory history = new EventHistory();
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
          cancelRequested && !state.isTerminal(),
          new LinkedHashMap<>(data),
          request.map(RequestSummary::members).orElse(Map.of()),
          request.map(RequestSummary::truncatedFields).orElse(List.of()),
          lossHistory.points(),
          history.events());
    }
  }

  /**
   * Adds a request read from its topic. The first one with an id counts: another is a copy of it or
   * will be rejected.
   *
   * @param kind {@code generation} or {@code training}
   * @param at when it was written
   */
  public synchronized void requested(String kind, JobId id, JsonObject request, Instant at) {
    addRequest(entry(id.value(), at), kind, request, at);
  }

  /**
   * Adds a settled request to its job, if the board knows the job from its events; otherwise it
   * would appear as queued.
   */
  public synchronized void settled(String kind, JobId id, JsonObject request, Instant at) {
    Entry known = jobs.get(id.value());
    if (known != null) {
      addRequest(known, kind, request, at);
    }
  }

  private void addRequest(Entry entry, String kind, JsonObject request, Instant at) {
    if (entry.request.isPresent()) {
      return;
    }
    entry.request = Optional.of(RequestSummary.of(request));
    entry.kind = kind;
    since(entry, at);
    settle(entry);
  }

  /** Marks a job whose cancellation was requested; no effect if it is unknown or has ended. */
  public synchronized void cancelRequested(String id) {
    Entry entry = jobs.get(id);
    if (entry != null && !entry.cancelRequested && !entry.state.isTerminal()) {
      entry.cancelRequested = true;
      settle(entry);
    }
  }

  /** Applies an event. A late one still adds members that are not known yet. */
  public synchronized void event(JobEvent event) {
    if (event.type() == JobEvent.Type.REJECTED || event.jobId().isEmpty()) {
      return; // about a record, not about a job
    }
    Entry entry = entry(event.jobId(), event.time());
    since(entry, event.time());
    Optional<JobState> next = after(entry.state, event);
    boolean added = entry.history.add(event);
    if (next.isPresent()) {
      entry.state = next.get();
      apply(entry, event);
    } else {
      added |= addMissing(entry, event);
      if (!added) {
        return;
      }
    }
    settle(entry);
  }

  private static Optional<JobState> after(JobState state, JobEvent event) {
    try {
      return state.after(event);
    } catch (JobState.TwoEndsException e) {
      return Optional.empty(); // the first terminal event counts
    }
  }

  private static void apply(Entry entry, JobEvent event) {
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
    entry.data.putAll(BoardJob.chosen(event.data(), BoardJob.KEPT));
    Object total = entry.data.get("total");
    if (event.type() == JobEvent.Type.COMPLETED
        && total != null
        && !event.data().containsKey("failedFrames")) {
      entry.data.put("done", total); // the last progress event precedes the end
    }
    entry.updated = event.time();
  }

  /** Adds what is not known yet from a late event; returns whether there was anything. */
  private static boolean addMissing(Entry entry, JobEvent event) {
    boolean added = false;
    for (String name : List.of("model", "worker")) {
      Object value = event.data().get(name);
      if (value != null && entry.data.putIfAbsent(name, value) == null) {
        added = true;
      }
    }
    boolean start = event.type() == JobEvent.Type.STARTED && event.attempt() == 1;
    if (start && !Objects.equals(entry.started, Optional.of(event.time()))) {
      entry.started = Optional.of(event.time());
      added = true;
    }
    return added;
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
    if (entry.state.isTerminal()) {
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

  public synchronized Optional<BoardJob> job(String id) {
    return Optional.ofNullable(jobs.get(id)).map(Entry::snapshot);
  }

  /** SHA-256 of the job's request with its members sorted; empty if the request is unknown. */
  public synchronized Optional<String> fingerprint(String id) {
    return Optional.ofNullable(jobs.get(id))
        .flatMap(entry -> entry.request)
        .map(RequestSummary::fingerprint);
  }

  public static String fingerprint(JsonObject request) {
    return RequestSummary.of(request).fingerprint();
  }

  /**
   * Returns jobs, newest first.
   *
   * @param wanted selects jobs
   * @param after begins after this position; empty for the newest job
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

  /**
   * Images that jobs requested before this one still have to generate: an estimate of its place in
   * the queue, since priorities and the shares of tenants change the order.
   */
  public synchronized long imagesAhead(String id) {
    Entry entry = jobs.get(id);
    return entry == null
        ? 0
        : order.tailSet(entry, /* inclusive= */ false).stream()
            .filter(earlier -> !earlier.state.isTerminal() && !earlier.kind.equals("training"))
            .map(Entry::snapshot)
            .mapToLong(job -> Math.max(0, job.imagesTotal() - job.images()))
            .sum();
  }

  /** A position in the list that stays valid when jobs are added or dropped. */
  public record Cursor(Instant since, String id) {}

  private static Entry at(Cursor mark) {
    return new Entry(mark.id(), mark.since());
  }

  public synchronized Map<BoardJob.State, Integer> counts() {
    Map<BoardJob.State, Integer> counts = new LinkedHashMap<>();
    for (BoardJob.State state : BoardJob.State.values()) {
      counts.put(state, 0);
    }
    jobs.values().forEach(e -> counts.merge(BoardJob.State.of(e.state.state()), 1, Integer::sum));
    return counts;
  }

  public synchronized int size() {
    return jobs.size();
  }
}
