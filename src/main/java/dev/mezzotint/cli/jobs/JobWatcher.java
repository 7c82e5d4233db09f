package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobState;
import dev.mezzotint.storage.ObjectTransfer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Shows the events of a job until it ends: as a progress bar on a terminal, else one a line. Maps
 * the outcome to an exit code. For one job, used by one thread.
 */
final class JobWatcher {
  private static final Duration LIMIT = Duration.ofDays(30);
  private static final int SILENCE_SECONDS = 10;
  private static final int VALUE_CHARS_MAX = 200;

  /** Members of events that are for programs. */
  private static final Set<String> NOT_SHOWN = Set.of("manifestSha256", "inline");

  private final JobClient client;
  private final CommandContext context;
  private final ObjectTransfer objects;
  private final JsonOption json;
  private final AtomicBoolean seen = new AtomicBoolean();
  private JobState life = JobState.NEW;
  private final @Nullable ProgressBar bar;
  private boolean usesUpId;

  JobWatcher(JobClient client, CommandContext context, JsonOption json) {
    this.client = client;
    this.context = context;
    this.objects = context.objects();
    this.json = json;
    this.bar = !json.enabled() && System.console() != null ? new ProgressBar(System.err) : null;
  }

  /** Whether the job failed or was rejected, so that its id cannot be used again. */
  boolean usesUpId() {
    return usesUpId;
  }

  /**
   * Follows a job until its last event.
   *
   * @param out folder for a completed job's files; null to leave them in the store
   * @return 0 for a completed job, 2 for an invalid request, 1 for any other outcome
   */
  int follow(String id, Instant since, Predicate<JobEvent> last, @Nullable Path out) {
    CompletableFuture.delayedExecutor(SILENCE_SECONDS, TimeUnit.SECONDS)
        .execute(
            () -> {
              if (!seen.get()) {
                System.err.println("no events for " + id + " yet; still waiting (Ctrl-C to stop)");
              }
            });
    Runnable interrupted =
        context.onShutdown(
            () ->
                System.err.println(
                    ("%njob %1$s continues: 'mezzotint watch %1$s' shows it, 'mezzotint cancel"
                            + " %1$s' ends it")
                        .formatted(id)));
    Optional<JobEvent> end;
    try {
      end = client.watch(id, since, LIMIT, this::show, last);
    } finally {
      interrupted.run(); // removes it
      seen.set(true);
    }
    return end.map(event -> finish(event, out)).orElse(1);
  }

  private void show(JobEvent event) {
    seen.set(true);
    boolean rejected = event.type() == JobEvent.Type.REJECTED;
    Optional<JobState> next = rejected ? Optional.of(life) : life.after(event);
    if (next.isEmpty()) {
      return;
    }
    life = next.get();
    if (bar == null) {
      json.result(line(event), facts(event));
    } else {
      bar.show(event);
    }
  }

  private int finish(JobEvent end, @Nullable Path out) {
    String id = end.jobId();
    if (end.type() == JobEvent.Type.COMPLETED) {
      if (end.data().get("failedFrames") instanceof Number failed) {
        System.err.println(failed + " frames failed; the manifest names each with its reason");
      }
      if (!json.enabled()) { // JSON has it in the event
        System.out.println(objects.location(id));
      }
      if (out != null) {
        fetch(id, out);
      }
      return 0;
    }
    boolean invalid = end.data().containsKey("field");
    usesUpId =
        end.type() == JobEvent.Type.FAILED || (end.type() == JobEvent.Type.REJECTED && invalid);
    return invalid ? 2 : 1;
  }

  private void fetch(String id, Path out) {
    List<Path> files = objects.download(id, out);
    Optional<Path> grid = files.stream().filter(file -> file.endsWith("grid.png")).findFirst();
    json.result(
        files.size()
            + (files.size() == 1 ? " file: " : " files: ")
            + out
            + grid.map(file -> ", all images in " + file).orElse(""),
        Map.of(
            "type",
            "fetched",
            "jobId",
            id,
            "out",
            out.toString(),
            "files",
            files.stream().map(Path::toString).toList()));
  }

  /** The event as in its topic; for a completed job with the location of its objects. */
  private Map<String, Object> facts(JobEvent event) {
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
    StringBuilder text = new StringBuilder(event.time().toString().substring(0, 19)).append('Z');
    text.append("  ").append(event.type().wireName());
    for (Map.Entry<String, Object> member : new TreeMap<>(event.data()).entrySet()) {
      String value = String.valueOf(member.getValue());
      boolean empty = member.getValue() instanceof Collection<?> list && list.isEmpty();
      boolean brief = value.length() <= VALUE_CHARS_MAX || member.getKey().equals("cause");
      if (brief && !empty && !NOT_SHOWN.contains(member.getKey())) {
        text.append("  ").append(member.getKey()).append('=').append(value);
      }
    }
    return text.toString();
  }
}
