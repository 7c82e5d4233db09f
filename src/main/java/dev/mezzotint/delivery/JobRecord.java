package dev.mezzotint.delivery;

import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.json.JsonText;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * {@code job.json}: whose id this is, which model version it gets, and how often it was tried. The
 * first object of a job, created before any work, so that a second request under the same id finds
 * it.
 *
 * @param fingerprint SHA-256 of the request with its members sorted
 * @param model {@code name@version}, fixed by the first attempt so that {@code latest} cannot move
 *     under a redelivery; empty while no attempt was made
 * @param attempts executions begun so far
 * @param strikes attempts that are known to have died: their very record came again without having
 *     been handed back. Duplicates of a request, each a record of its own, strike nobody, so no
 *     number of them can use up a job's attempts
 * @param history the latest attempts, oldest first, at most {@value #HISTORY_MAX}
 */
public record JobRecord(
    JobId id,
    String fingerprint,
    Optional<String> model,
    int attempts,
    int strikes,
    List<Attempt> history,
    Instant created) {

  static final int SCHEMA = 1;
  public static final int HISTORY_MAX = 16;

  /**
   * @param number from 1
   * @param run unique to this execution: tells one's own write from another's when an answer of the
   *     store was lost
   * @param position of the record that was delivered, or that it is a worker's copy of
   * @param handedBack ended in good order before its end, on shutdown or after its share of work
   * @param advanced has kept something that later attempts build on
   * @param fault what of the worker itself ended it; empty for all else
   */
  public record Attempt(
      int number,
      String worker,
      String run,
      String position,
      Instant time,
      boolean handedBack,
      boolean advanced,
      String fault) {

    private Attempt handBack() {
      return new Attempt(
          number, worker, run, position, time, /* handedBack= */ true, advanced, fault);
    }

    private Attempt advance() {
      return new Attempt(
          number, worker, run, position, time, handedBack, /* advanced= */ true, fault);
    }

    private Attempt faulted(String what) {
      return new Attempt(number, worker, run, position, time, handedBack, advanced, what);
    }
  }

  public JobRecord {
    history = List.copyOf(history);
  }

  /** A job of which nothing has been tried. */
  public static JobRecord untried(JobId id, String fingerprint, Instant now) {
    return new JobRecord(id, fingerprint, Optional.empty(), 0, 0, List.of(), now);
  }

  /**
   * With one more attempt.
   *
   * @param model that counts unless one was fixed before; empty if none was found
   */
  JobRecord attempt(
      Optional<String> model, String worker, String run, String position, Instant now) {
    List<Attempt> next = new ArrayList<>(history);
    next.add(
        new Attempt(
            attempts + 1,
            worker,
            run,
            position,
            now,
            /* handedBack= */ false,
            /* advanced= */ false,
            /* fault= */ ""));
    return new JobRecord(
        id,
        fingerprint,
        this.model.or(() -> model),
        attempts + 1,
        strikesAt(position),
        next.subList(Math.max(0, next.size() - HISTORY_MAX), next.size()),
        created);
  }

  /** Strikes, should this record have been delivered just now. */
  int strikesAt(String position) {
    for (int i = history.size() - 1; i >= 0; i--) {
      Attempt attempt = history.get(i);
      if (attempt.position().equals(position)) {
        return attempt.handedBack() || attempt.advanced() ? strikes : strikes + 1;
      }
    }
    return strikes;
  }

  /** With the attempt of this run marked as ended in good order. */
  JobRecord handBack(String run) {
    return new JobRecord(
        id, fingerprint, model, attempts, strikes, marked(run, Attempt::handBack), created);
  }

  /**
   * With the attempt of this run marked as one that has kept something: a job that gets on is not
   * given up, however many workers it loses on its way.
   */
  JobRecord advanced(String run) {
    return new JobRecord(
        id, fingerprint, model, attempts, /* strikes= */ 0, marked(run, Attempt::advance), created);
  }

  /** With the attempt of this run marked as ended by its worker's own fault. */
  JobRecord faulted(String run, String fault) {
    return new JobRecord(
        id, fingerprint, model, attempts, strikes, marked(run, a -> a.faulted(fault)), created);
  }

  /** What of a worker ended the latest attempt that was ended so; empty if none was. */
  String lastFault() {
    return history.stream().map(Attempt::fault).reduce("", (a, b) -> b.isEmpty() ? a : b);
  }

  private List<Attempt> marked(String run, UnaryOperator<Attempt> mark) {
    return history.stream().map(a -> a.run().equals(run) ? mark.apply(a) : a).toList();
  }

  /** Whether the latest attempt is this run. */
  boolean lastIs(String run) {
    return !history.isEmpty() && history.get(history.size() - 1).run().equals(run);
  }

  public byte[] toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", SCHEMA);
    json.put("id", id.value());
    json.put("fingerprint", fingerprint);
    model.ifPresent(m -> json.put("model", m));
    json.put("attempts", attempts);
    json.put("strikes", strikes);
    json.put("created", created.toString());
    json.put("history", history.stream().map(JobRecord::toMap).toList());
    return JsonText.writePretty(json);
  }

  private static Map<String, Object> toMap(Attempt attempt) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("number", attempt.number());
    json.put("worker", attempt.worker());
    json.put("run", attempt.run());
    json.put("position", attempt.position());
    json.put("time", attempt.time().toString());
    json.put("handedBack", attempt.handedBack());
    if (attempt.advanced()) {
      json.put("advanced", true);
    }
    if (!attempt.fault().isEmpty()) {
      json.put("fault", attempt.fault());
    }
    return json;
  }

  /**
   * @throws InvalidInputException if these are not the bytes of a job record, or are of a later
   *     schema
   */
  public static JobRecord parse(byte[] bytes) {
    JsonObject json = JsonObject.parse(bytes);
    json.integer("schema", SCHEMA, SCHEMA)
        .orElseThrow(() -> json.refuse("schema", "is missing: " + SCHEMA + " is required"));
    List<Attempt> history = new ArrayList<>();
    for (JsonObject attempt : json.objects("history", HISTORY_MAX).orElse(List.of())) {
      history.add(
          new Attempt(
              attempt.integer("number", 1, Integer.MAX_VALUE, 1),
              attempt.requiredString("worker"),
              attempt.requiredString("run"),
              attempt.requiredString("position"),
              time(attempt, "time"),
              attempt.bool("handedBack", false),
              attempt.bool("advanced", false),
              attempt.string("fault", "")));
    }
    return new JobRecord(
        JobId.read(json),
        json.requiredString("fingerprint"),
        json.string("model"),
        json.integer("attempts", 0, Integer.MAX_VALUE, 0),
        json.integer("strikes", 0, Integer.MAX_VALUE, 0),
        history,
        time(json, "created"));
  }

  static Instant time(JsonObject json, String name) {
    try {
      return Instant.parse(json.requiredString(name));
    } catch (DateTimeException e) {
      throw json.refuse(name, "must be a time");
    }
  }
}
