package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
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

/** Prints a job's events, one line each, and turns its end into an exit code. */
final class JobWatcher {
  private static final Duration LIMIT = Duration.ofDays(30);
  private static final int SILENCE_SECONDS = 10;

  private JobWatcher() {}

  /**
   * 0 for a completed job, 2 for a refused one, 1 for any other end.
   *
   * @param out where a completed job's pictures go; null to leave them in the store
   */
  static int follow(
      MezzotintSystem requests,
      String id,
      Instant since,
      Predicate<JobEvent> last,
      @Nullable Path out,
      JsonOption json) {
    JobState[] life = {JobState.NEW};
    AtomicBoolean heard = new AtomicBoolean();
    CompletableFuture.delayedExecutor(SILENCE_SECONDS, TimeUnit.SECONDS)
        .execute(
            () -> {
              if (!heard.get()) {
                System.err.println("no word of " + id + " yet; waiting, Ctrl-C ends");
              }
            });
    Optional<JobEvent> end =
        requests.watch(
            id,
            since,
            LIMIT,
            event -> {
              heard.set(true);
              Optional<JobState> next =
                  event.type() == JobEvent.Type.REJECTED
                      ? Optional.of(life[0])
                      : life[0].after(event);
              if (next.isPresent()) {
                life[0] = next.get();
                json.answer(line(event), facts(event, requests));
              }
            },
            last);
    heard.set(true);
    if (end.isEmpty()) {
      return 1;
    }
    if (end.get().type() == JobEvent.Type.COMPLETED) {
      if (!json.wanted()) { // or it stands in the event
        System.out.println(requests.location(id));
      }
      if (out != null) {
        fetch(requests, id, out, json);
      }
      return 0;
    }
    return end.get().data().containsKey("field") ? 2 : 1;
  }

  private static void fetch(MezzotintSystem requests, String id, Path out, JsonOption json) {
    List<String> files = requests.fetch(id, out).stream().map(Path::toString).toList();
    json.answer(
        files.size() + " files: " + out,
        Map.of("type", "fetched", "jobId", id, "out", out.toString(), "files", files));
  }

  /** As the event stands in its topic; of a completed job also where its objects are. */
  private static Map<String, Object> facts(JobEvent event, MezzotintSystem requests) {
    Map<String, Object> facts = new TreeMap<>(event.data());
    facts.put("id", event.id());
    facts.put("type", event.type().wireName());
    facts.put("jobId", event.jobId());
    facts.put("attempt", event.attempt());
    facts.put("sequence", event.sequence());
    facts.put("time", event.time().toString());
    if (event.type() == JobEvent.Type.COMPLETED) {
      facts.put("location", requests.location(event.jobId()));
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
