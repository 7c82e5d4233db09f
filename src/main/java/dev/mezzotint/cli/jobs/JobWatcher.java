package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.storage.ObjectTransfer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Prints the events of a job, one a line, and maps its outcome to an exit code. */
final class JobWatcher {
  private static final Duration LIMIT = Duration.ofDays(30);
  private static final int SILENCE_SECONDS = 10;

  private JobWatcher() {}

  /**
   * Follows a job until its last event.
   *
   * @param out folder for a completed job's files; null to leave them in the store
   * @return 0 for a completed job, 2 for an invalid request, 1 for any other outcome
   */
  static int follow(
      JobClient client,
      ObjectTransfer objects,
      String id,
      Instant since,
      Predicate<JobEvent> last,
      @Nullable Path out,
      JsonOption json) {
    JobState[] life = {JobState.NEW};
    AtomicBoolean seen = new AtomicBoolean();
    CompletableFuture.delayedExecutor(SILENCE_SECONDS, TimeUnit.SECONDS)
        .execute(
            () -> {
              if (!seen.get()) {
                System.err.println("no events for " + id + " yet; still waiting (Ctrl-C to stop)");
              }
            });
    Optional<JobEvent> end =
        client.watch(
            id,
            since,
            LIMIT,
            event -> {
              seen.set(true);
              Optional<JobState> next =
                  event.type() == JobEvent.Type.REJECTED
                      ? Optional.of(life[0])
                      : life[0].after(event);
              if (next.isPresent()) {
                life[0] = next.get();
                json.result(line(event), facts(event, objects));
              }
            },
            last);
    seen.set(true);
    if (end.isEmpty()) {
      return 1;
    }
    if (end.get().type() == JobEvent.Type.COMPLETED) {
      if (!json.enabled()) { // JSON has it in the event
        System.out.println(objects.location(id));
      }
      if (out != null) {
        fetch(objects, id, out, json);
      }
      return 0;
    }
    return end.get().data().containsKey("field") ? 2 : 1;
  }

  private static void fetch(ObjectTransfer objects, String id, Path out, JsonOption json) {
    List<String> files = objects.download(id, out).stream().map(Path::toString).toList();
    json.result(
        files.size() + " files: " + out,
        Map.of("type", "fetched", "jobId", id, "out", out.toString(), "files", files));
  }

  /** The event as in its topic; for a completed job with the location of its objects. */
  private static Map<String, Object> facts(JobEvent event, ObjectTransfer objects) {
    Map<String, Object> facts = new TreeMap<>(event.data());
    facts.put("id", event.id());
    facts.put("type", event.type().wireName());
    facts.put("jobId", event.jobId());
    facts.put("attempt", event.attempt());
    facts.put("sequence", event.sequence());
    facts.put("time", event.time().toString());
    if (event.type() == JobEvent.Type.COMPLETED) {
      facts.put("location", objects.location(event.jobId()));
    }
    return facts;
  }

  private static String line(JobEvent event) {
    StringBuilder text = new StringBuilder(event.time().toString());
    text.append("  ").append(event.type().wireName());
    for (Map.Entry<String, Object> member : new TreeMap<>(event.data()).entrySet()) {
      String value = String.valueOf(member.getValue());
      if (value.length() <= 200 || member.getKey().equals("cause")) {
        text.append("  ").append(member.getKey()).append('=').append(value);
      }
    }
    return text.toString();
  }
}
