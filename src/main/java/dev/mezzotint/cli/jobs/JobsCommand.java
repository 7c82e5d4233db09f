package dev.mezzotint.cli.jobs;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.Locale;
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
  private static final int COUNT_MAX = 2_000;

  private final CommandContext context;

  public JobsCommand(CommandContext context) {
    this.context = context;
  }

  // Options that are added later would shift the method's arguments.
  @Command(description = "List jobs, newest first.", mixinStandardHelpOptions = true)
  int list(
      @Option(names = "--state", paramLabel = "WORD", description = "Only jobs in this state.")
          @Nullable String state,
      @Option(
              names = "--count",
              paramLabel = "N",
              defaultValue = "50",
              description = "At most this many; default ${DEFAULT-VALUE}.")
          int count,
      @Mixin JsonOption json) {
    if (state != null && !State.WORDS.contains(state)) {
      throw new InvalidInputException(
          "--state", "--state must be one of " + String.join(", ", State.WORDS) + ", not " + state);
    }
    if (count < 1 || count > COUNT_MAX) {
      throw new InvalidInputException(
          "--count", "--count must be from 1 to " + COUNT_MAX + ", not " + count);
    }
    List<BoardJob> jobs;
    try (JobClient client = context.client()) {
      jobs =
          client.jobs().stream()
              .filter(job -> state == null || job.state().wireName().equals(state))
              .limit(count)
              .toList();
    }
    jobs.forEach(job -> json.result(line(job), job.toMap()));
    if (jobs.isEmpty() && !json.enabled()) {
      System.err.println("no jobs");
    }
    return 0;
  }

  private static String line(BoardJob job) {
    String what =
        job.data().get("cause") instanceof String cause && job.state() != State.CANCELLED
            ? cause
            : progress(job);
    return String.format(
            Locale.ROOT,
            "%s  %-9s  %-36s  %s",
            job.since().toString().substring(0, 19) + "Z",
            job.state().wireName(),
            job.id(),
            what)
        .stripTrailing();
  }

  private static String progress(BoardJob job) {
    Object model = job.data().getOrDefault("model", job.request().getOrDefault("model", ""));
    boolean steps = job.data().containsKey("iterations");
    boolean pairs =
        !steps && job.data().containsKey("pairsTotal"); // a reflow before its first step
    Object done = job.data().get(steps ? "iteration" : pairs ? "pairs" : "done");
    Object total = job.data().get(steps ? "iterations" : pairs ? "pairsTotal" : "total");
    boolean running = job.state() == State.RUNNING && done != null && total != null;
    return running
        ? model + "  " + done + "/" + total + (pairs ? " pairs" : "")
        : String.valueOf(model);
  }
}
