package dev.mezzotint.cli.jobs;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.json.InvalidInputException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code jobs}: lists queued, running and finished jobs. */
@Command(
    name = "jobs",
    description = "List the jobs of a running system.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Examples:", "  jobs list", "  jobs list --state failed --json"})
public final class JobsCommand {
  private static final int LIMIT_MAX = 2_000;

  private final CommandContext context;

  public JobsCommand(CommandContext context) {
    this.context = context;
  }

  // Options that are added later would shift the method's arguments.
  @Command(description = "List jobs, newest first.", mixinStandardHelpOptions = true)
  int list(
      @Option(
              names = "--state",
              paramLabel = "STATE",
              completionCandidates = States.class,
              description = "List only jobs in this state: ${COMPLETION-CANDIDATES}.")
          @Nullable String state,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "List at most this many jobs; default ${DEFAULT-VALUE}.")
          int limit,
      @Mixin JsonOption json) {
    if (state != null && !State.WORDS.contains(state)) {
      throw new InvalidInputException(
          "--state", "--state must be one of " + String.join(", ", State.WORDS) + ", not " + state);
    }
    if (limit < 1 || limit > LIMIT_MAX) {
      throw InvalidInputException.of("--limit", "must be from 1 to %s, not %s", LIMIT_MAX, limit);
    }
    List<Map<String, Object>> jobs =
        context
            .workerApi()
            .flatMap(api -> new WorkerApi(api).jobs(state, limit))
            .orElseGet(() -> fromTopics(state, limit));
    jobs.forEach(job -> json.result(line(job), job));
    if (jobs.isEmpty() && !json.enabled()) {
      System.err.println("no jobs");
    }
    return 0;
  }

  static final class States implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return State.WORDS.iterator();
    }
  }

  private List<Map<String, Object>> fromTopics(@Nullable String state, int limit) {
    try (JobClient client = context.client()) {
      return client.jobs().stream()
          .filter(job -> state == null || job.state().wireName().equals(state))
          .limit(limit)
          .map(BoardJob::toMap)
          .toList();
    }
  }

  private static String line(Map<String, Object> job) {
    String state = text(job, "state");
    String what =
        job.get("cause") instanceof String cause && !state.equals(State.CANCELLED.wireName())
            ? cause
            : progress(job, state);
    String since = text(job, "since").substring(0, 19);
    return "%sZ  %-9s  %-36s  %s".formatted(since, state, text(job, "id"), what).stripTrailing();
  }

  private static String progress(Map<String, Object> job, String state) {
    Object requested = job.get("request") instanceof Map<?, ?> request ? request.get("model") : "";
    Object model = job.getOrDefault("model", requested == null ? "" : requested);
    boolean steps = job.containsKey("iterations");
    boolean pairs = !steps && job.containsKey("pairsTotal"); // a reflow before its first step
    Object done = job.get(steps ? "iteration" : pairs ? "pairs" : "done");
    Object total = job.get(steps ? "iterations" : pairs ? "pairsTotal" : "total");
    boolean running = state.equals(State.RUNNING.wireName()) && done != null && total != null;
    return running
        ? model + "  " + done + "/" + total + (pairs ? " pairs" : "")
        : String.valueOf(model);
  }

  private static String text(Map<String, Object> job, String name) {
    return String.valueOf(job.get(name));
  }
}
