package dev.mezzotint.board;

import dev.mezzotint.job.JobState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A job as a {@link JobBoard} shows it at one moment. Immutable.
 *
 * @param kind {@code generation} or {@code training}; empty while nobody has said
 * @param attempt the newest that was heard of; 0 before any
 * @param since when its request was written, or its oldest known event
 * @param started when its first attempt began
 * @param updated time of the newest event
 * @param cancelRequested somebody has called it off, and it has not ended yet
 * @param data members of its events, the newest of each name
 * @param request what it asks for, without what is long; empty if the request was not seen
 * @param truncatedFields names of members that were too long: without them it is another request
 * @param lossHistory of a training: iteration and smoothed loss, at most {@link
 *     LossHistory#POINTS_MAX}
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
    List<double[]> lossHistory) {

  /** Members of events that are of use to whoever looks at a job. */
  static final Set<String> KEPT =
      Set.of(
          "model",
          "worker",
          "done",
          "total",
          "images",
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

  /** Where a job stands, in fewer words than its events have. */
  public enum State {
    QUEUED,
    RUNNING,
    COMPLETED,
    FAILED,
    CANCELLED,
    EXPIRED;

    /** The words of all states. */
    public static final List<String> WORDS = Stream.of(values()).map(State::wireName).toList();

    static State of(JobState.State state) {
      return switch (state) {
        case WAITING -> QUEUED;
        case ACCEPTED, STARTED, PROGRESSED -> RUNNING;
        case COMPLETED -> COMPLETED;
        case FAILED -> FAILED;
        case CANCELLED -> CANCELLED;
        case EXPIRED -> EXPIRED;
      };
    }

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    public boolean terminal() {
      return this != QUEUED && this != RUNNING;
    }
  }

  public BoardJob {
    data = Map.copyOf(data);
    request = Map.copyOf(request);
    truncatedFields = List.copyOf(truncatedFields);
    lossHistory = List.copyOf(lossHistory);
  }

  /** Its place among others, newest first. */
  public JobBoard.Cursor cursor() {
    return new JobBoard.Cursor(since, id);
  }

  /** As JSON members, in an order that people like to read; without the curve. */
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
      map.put("calledOff", true);
    }
    for (String name : data.keySet().stream().sorted().toList()) {
      map.put(name, data.get(name));
    }
    if (!request.isEmpty()) {
      map.put("request", request);
    }
    if (!truncatedFields.isEmpty()) {
      map.put("requestLacks", truncatedFields);
    }
    return map;
  }

  /** The curve as lists of two numbers. */
  public List<List<Double>> lossPoints() {
    List<List<Double>> points = new ArrayList<>();
    lossHistory.forEach(point -> points.add(List.of(point[0], point[1])));
    return points;
  }
}
