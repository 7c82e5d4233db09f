package dev.mezzotint.cli;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobLife;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Prints a job's events, one line each, and turns its end into an exit code. */
final class Watching {
  private static final Duration LIMIT = Duration.ofDays(30);

  private Watching() {}

  /** 0 for a completed job, 2 for a refused one, 1 for any other end. */
  static int follow(Requests requests, String id, Instant since, Predicate<JobEvent> last) {
    JobLife[] life = {JobLife.NEW};
    Optional<JobEvent> end =
        requests.watch(
            id,
            since,
            LIMIT,
            event -> {
              Optional<JobLife> next =
                  event.type() == JobEvent.Type.REJECTED
                      ? Optional.of(life[0])
                      : life[0].after(event);
              if (next.isPresent()) {
                life[0] = next.get();
                System.out.println(line(event));
              }
            },
            last);
    if (end.isEmpty()) {
      return 1;
    }
    if (end.get().type() == JobEvent.Type.COMPLETED) {
      System.out.println(requests.location(id));
      return 0;
    }
    return end.get().data().containsKey("field") ? 2 : 1;
  }

  private static String line(JobEvent event) {
    StringBuilder text = new StringBuilder(event.time().toString());
    text.append("  ").append(event.type().word());
    for (Map.Entry<String, Object> member : new TreeMap<>(event.data()).entrySet()) {
      String value = String.valueOf(member.getValue());
      if (value.length() <= 200) {
        text.append("  ").append(member.getKey()).append('=').append(value);
      }
    }
    return text.toString();
  }
}
