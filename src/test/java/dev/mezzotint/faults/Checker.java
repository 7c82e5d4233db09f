package dev.mezzotint.faults;

import dev.mezzotint.faults.Evidence.Event;
import dev.mezzotint.faults.Evidence.Fence;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks evidence against the delivery guarantees: every submitted job has one end, published under
 * one event id; its manifest was written once and agrees; every image is as the manifest says; a
 * worker's attempts increase, and so do an attempt's sequences; a worker that has lost a job has no
 * further effect on it; and the queue holds no unexplained record.
 *
 * <p>Does not know which fault was injected.
 */
final class Checker {
  private final Evidence evidence;
  private final List<String> violations = new ArrayList<>();
  private final Set<String> lost = new TreeSet<>();
  private final Set<String> twice = new TreeSet<>();
  private final Set<String> stuck = new TreeSet<>();
  private int completed;
  private int otherEnds;
  private int extra;

  private Checker(Evidence evidence) {
    this.evidence = evidence;
  }

  static Findings check(Evidence evidence) {
    Checker checker = new Checker(evidence);
    checker.run();
    return new Findings(
        evidence.sent().size(),
        checker.completed,
        checker.otherEnds,
        checker.lost.size(),
        checker.twice.size(),
        checker.stuck.size(),
        checker.extra,
        checker.violations);
  }

  private void run() {
    if (evidence.sent().isEmpty()) {
      violations.add("no job was sent: there is nothing to check");
    }
    evidence.sent().keySet().forEach(this::checkJob);
    for (Event event : evidence.events()) {
      if (!evidence.sent().containsKey(event.jobId())) {
        violations.add(event.jobId() + ": event " + event.id() + " for a job that was not sent");
      }
    }
    for (String key : evidence.objects().keySet()) {
      if (!evidence.sent().containsKey(key.split("/")[1])) {
        violations.add(key + " belongs to a job that was not sent");
      }
    }
    evidence.calls().forEach(this::checkRemoval);
    evidence.fences().forEach(this::checkFence);
    if (evidence.unsettled() != 0) {
      violations.add(evidence.unsettled() + " requests are not settled");
    }
  }

  private void checkJob(String id) {
    List<Event> events = evidence.of(id);
    List<Event> ends = events.stream().filter(Event::terminal).toList();
    Set<String> endIds = new TreeSet<>(ends.stream().map(Event::id).toList());
    if (endIds.isEmpty()) {
      boolean waiting = evidence.unsettled() != 0;
      found(waiting ? stuck : lost, id, "has no terminal event");
    } else if (endIds.size() > 1) {
      found(twice, id, "has several ends: " + endIds);
    } else if (ends.stream().map(Event::text).distinct().count() > 1) {
      found(twice, id, "has differing copies of its end");
    }
    checkManifest(id, ends);
    checkOrder(id, events);
    checkWrites(id);
    if (!ends.isEmpty() && !lost.contains(id) && !twice.contains(id)) {
      if (ends.get(0).type().equals("completed")) {
        completed++;
      } else {
        otherEnds++;
      }
    }
    long executions =
        events.stream()
            .filter(event -> event.type().equals("started"))
            .map(Event::attempt)
            .distinct()
            .count();
    extra += (int) Math.max(0, executions - 1);
  }

  private void checkManifest(String id, List<Event> ends) {
    byte[] manifest = evidence.objects().get(Keys.manifest(id));
    if (manifest == null) {
      if (!ends.isEmpty()) {
        found(lost, id, "has an end but no manifest");
      }
      return;
    }
    for (Event end : ends) {
      if (!end.manifest().equals(StoreTap.sha256(manifest))) {
        found(twice, id, "has a manifest that is not the one that " + end.id() + " names");
        return;
      }
    }
    try {
      JsonObject json = JsonObject.parse(manifest);
      String state = json.requiredString("state");
      if (!json.requiredString("id").equals(id)) {
        found(lost, id, "has the manifest of another job");
      }
      if (ends.stream().anyMatch(end -> !end.type().equals(state))) {
        found(twice, id, "has a manifest that says " + state + ", unlike its event");
      }
      if (state.equals("completed")) {
        checkImages(id, json);
      } else if (state.equals("failed") && !evidence.dead().contains(id)) {
        found(lost, id, "failed without a dead letter");
      }
    } catch (InvalidInputException e) {
      found(lost, id, "has an unreadable manifest: " + e.getMessage());
    }
  }

  private void checkImages(String id, JsonObject manifest) {
    List<JsonObject> images = manifest.objects("images", 10_000).orElse(List.of());
    int wanted = evidence.sent().get(id);
    Set<String> keys = new HashSet<>();
    for (JsonObject image : images) {
      checkImage(id, image, keys);
    }
    if (keys.size() != wanted) {
      found(lost, id, "has " + keys.size() + " images instead of " + wanted);
    }
    manifest.object("grid").ifPresent(grid -> checkImage(id, grid, new HashSet<>()));
  }

  private void checkImage(String id, JsonObject image, Set<String> keys) {
    String key = image.requiredString("key");
    keys.add(key);
    byte[] bytes = evidence.objects().get(key);
    if (!key.startsWith(Keys.job(id))) {
      found(lost, id, "has an image of another job: " + key);
    } else if (bytes == null) {
      found(lost, id, "has no " + key);
    } else if (!StoreTap.sha256(bytes).equals(image.requiredString("sha256"))) {
      found(lost, id, "has altered bytes in " + key);
    }
  }

  private void checkOrder(String id, List<Event> events) {
    Set<String> seen = new HashSet<>();
    Map<Integer, Long> last = new HashMap<>();
    for (Event event : events) {
      if (!seen.add(event.id()) || event.type().equals("rejected")) {
        continue; // a duplicate, or an event about a record
      }
      Long before = last.put(event.attempt(), event.sequence());
      if (before != null && before >= event.sequence()) {
        violations.add(id + ": sequence falls from " + before + " at event " + event.id());
      }
    }
    checkAttempts(id, events);
  }

  /**
   * Each attempt belongs to one worker, and each worker's attempts increase. Between two workers
   * the order of the log guarantees nothing: while the broker is unavailable, an event in one
   * worker's producer may be written after the events of the next attempt, before the first worker
   * can notice that it has lost the job.
   */
  private void checkAttempts(String id, List<Event> events) {
    Map<Integer, String> workers = new HashMap<>();
    Map<String, Integer> last = new HashMap<>();
    for (Event event : events) {
      if (!event.type().equals("started")) {
        continue;
      }
      String other = workers.put(event.attempt(), event.worker());
      if (other != null && !other.equals(event.worker())) {
        violations.add(id + ": " + other + " and " + event.worker() + " both began " + event.id());
      }
      int before = last.merge(event.worker(), event.attempt(), Math::max);
      if (before > event.attempt() && other == null) {
        violations.add(id + ": attempt falls from " + before + " at " + event.id());
      }
    }
  }

  private void checkWrites(String id) {
    for (String key : evidence.objects().keySet()) {
      if (!key.startsWith(Keys.job(id)) || key.equals(Keys.jobRecord(id))) {
        continue;
      }
      List<StoreCall> writes = evidence.writes(key);
      if (writes.isEmpty()) {
        violations.add(id + ": no write was seen of " + key);
      }
      for (StoreCall write : writes) {
        if (!write.condition().equals("If-None-Match: *")) {
          violations.add(id + ": " + write.worker() + " wrote " + key + " unconditionally");
        }
      }
      if (writes.size() > 1) {
        found(twice, id, "had " + key + " written " + writes.size() + " times");
      }
    }
  }

  /** Only images of jobs that ended without a result may be removed. */
  private void checkRemoval(StoreCall call) {
    if (!call.method().equals("DELETE") && !call.method().equals("POST")) {
      return;
    }
    String id = call.key().split("/")[1];
    boolean withoutResult =
        evidence.of(id).stream()
            .anyMatch(event -> event.terminal() && !event.type().equals("completed"));
    if (!withoutResult || !call.key().startsWith(Keys.job(id) + "images/")) {
      violations.add(id + ": " + call.worker() + " removed " + call.key());
    }
  }

  private void checkFence(Fence fence) {
    for (String id : fence.jobs()) {
      Set<Integer> own =
          new HashSet<>(
              evidence.of(id).stream()
                  .filter(event -> event.worker().equals(fence.worker()))
                  .map(Event::attempt)
                  .toList());
      Set<String> before =
          new HashSet<>(
              evidence.of(id).stream()
                  .filter(event -> event.offset() < fence.offset())
                  .map(Event::id)
                  .toList());
      for (Event event : evidence.of(id)) {
        if (event.offset() >= fence.offset()
            && own.contains(event.attempt())
            && !before.contains(event.id())) {
          violations.add(
              id + ": " + fence.worker() + " had lost the job and published " + event.id());
        }
      }
      for (StoreCall call : evidence.calls()) {
        if (call.worker().equals(fence.worker())
            && call.number() > fence.call()
            && call.wrote()
            && call.key().startsWith(Keys.job(id))) {
          violations.add(id + ": " + fence.worker() + " had lost the job and wrote " + call.key());
        }
      }
    }
  }

  private void found(Set<String> kind, String id, String what) {
    kind.add(id);
    violations.add(id + " " + what);
  }
}
