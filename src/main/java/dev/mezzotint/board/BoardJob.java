package dev.mezzotint.board;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Snapshot of a job on a {@link JobBoard}. Immutable.
 *
 * @param kind {@code generation} or {@code training}; empty while unknown
 * @param attempt number of the newest known attempt; 0 before any
 * @param since time of its request, or of its oldest known event
 * @param started start of its first attempt
 * @param updated time of the newest event
 * @param cancelRequested whether its cancellation was requested and it has not ended yet
 * @param data members of its events, the newest of each name
 * @param request its request without long members; empty if unknown
 * @param truncatedFields names of members left out of {@code request}: without them it is a
 *     different request
 * @param lossHistory of a training: iteration and smoothed loss, at most {@link
 *     LossHistory#POINTS_MAX} points
 * @param events those that explain how long it takes, in the order in which they happened, at most
 *     {@link EventHistory#EVENTS_MAX}
 */
public record BoardJob(
    String id,
    String kind,
    State state,
    int attempt,
    Instant since,
    Optional<Instant> started,
    Instant updated,
    boolean cancelRequested,
    Map<String, Object> data,
    Map<String, Object> request,
    List<String> truncatedFields,
    List<double[]> lossHistory,
    List<Event> events) {

  /** The members of events that are shown. */
  static final Set<String> KEPT =
      Set.of(
          "model",
          "worker",
          "done",
          "total",
          "images",
          "imagesTotal",
          "failedFrames",
          "iteration",
          "iterations",
          "loss",
          "smoothedLoss",
          "gradientNorm",
          "imagesPerSecond",
          "etaSeconds",
          "pairs",
          "pairsTotal",
          "grid",
          "sheet",
          "clip",
          "lossCurve",
          "manifest",
          "field",
          "cause");

  /**
   * An event of a job.
   *
   * @param data worker, progress and cause, as far as the event has them
   */
  public record Event(String type, Instant time, int attempt, Map<String, Object> data) {
    private static final List<String> SHOWN =
        List.of("worker", "done", "total", "images", "iteration", "pairs", "cause");

    public Event {
      data = Map.copyOf(data);
    }

    static Event of(JobEvent event) {
      return new Event(
          event.type().wireName(), event.time(), event.attempt(), chosen(event.data(), SHOWN));
    }

    /** As JSON members in a readable order. */
    public Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("type", type);
      map.put("time", time.toString());
      map.put("attempt", attempt);
      map.putAll(chosen(data, SHOWN));
      return map;
    }
  }

  /** A job's state, coarser than its events. */
  public enum State {
    QUEUED,
    RUNNING,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED;

    public static final List<String> WORDS = Stream.of(values()).map(State::wireName).toList();

    static State of(JobState.State state) {
      return switch (state) {
        case WAITING -> QUEUED;
        case ACCEPTED, STARTED, PROGRESSED -> RUNNING;
        case COMPLETED, FAILED, CANCELLED, EXPIRED -> valueOf(state.name());
      };
    }

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    public boolean terminal() {
      return this != QUEUED && this != RUNNING;
    }
  }

  /** The members with these names, in the order of the names. */
  static Map<String, Object> chosen(Map<String, Object> data, Collection<String> names) {
    Map<String, Object> chosen = new LinkedHashMap<>();
    names.stream().filter(data::containsKey).forEach(name -> chosen.put(name, data.get(name)));
    return chosen;
  }

  public BoardJob {
    data = Map.copyOf(data);
    request = Map.copyOf(request);
    truncatedFields = List.copyOf(truncatedFields);
    lossHistory = List.copyOf(lossHistory);
    events = List.copyOf(events);
  }

  /** Images that its events or its request announce; 1 if neither says. */
  public long imagesTotal() {
    if (data.get("imagesTotal") instanceof Number total) {
      return total.longValue();
    }
    if (request.get("seeds") instanceof List<?> seeds) {
      return seeds.size();
    }
    if (request.get("interpolate") instanceof Map<?, ?> ends
        && ends.get("frames") instanceof Number frames) {
      return frames.longValue();
    }
    return request.get("count") instanceof Number count ? count.longValue() : 1;
  }

  public long images() {
    return data.get("images") instanceof Number stored ? stored.longValue() : 0;
  }

  /** As JSON members in a readable order, without the loss history and the events. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", id);
    map.put("kind", kind);
    map.put("state", state.wireName());
    map.put("attempt", attempt);
    map.put("since", since.toString());
    started.ifPresent(time -> map.put("started", time.toString()));
    map.put("updated", updated.toString());
    if (state.terminal()) {
      map.put("ended", updated.toString());
    }
    if (cancelRequested) {
      map.put("cancelRequested", true);
    }
    map.putAll(new TreeMap<>(data));
    if (!request.isEmpty()) {
      map.put("request", new TreeMap<>(request));
    }
    if (!truncatedFields.isEmpty()) {
      map.put("truncatedFields", truncatedFields);
    }
    return map;
  }

  /** The loss history as lists of two numbers. */
  public List<List<Double>> lossPoints() {
    List<List<Double>> points = new ArrayList<>();
    lossHistory.forEach(point -> points.add(List.of(point[0], point[1])));
    return points;
  }
}
