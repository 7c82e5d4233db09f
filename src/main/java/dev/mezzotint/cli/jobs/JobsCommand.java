package dev.mezzotint.cli.jobs;

import dev.mezzotint.board.BoardJob;
import dev.mezzotint.board.BoardJob.State;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jobs}: what is queued, running and done. */
@Command(
    name = "jobs",
    description = "Look at the jobs of a running system.",
    synopsisSubcommandLabel = "WHAT",
    footer = {"", "Examples:", "  jobs list", "  jobs list --state failed --json"})
public final class JobsCommand {
  private static final int COUNT_MAX = 2_000;

  private final CommandContext surroundings;

  public JobsCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Command(
      description = "The newest jobs, as their topics tell them.",
      mixinStandardHelpOptions = true)
  int list(
      @Option(names = "--state", paramLabel = "WORD", description = "Only those in this state.")
          @Nullable String state,
      @Option(
              names = "--count",
              paramLabel = "N",
              defaultValue = "50",
              description = "At most so many (default 50).")
          int count,
      @Option(names = "--json", description = "As JSON on standard output.") boolean json) {
    if (state != null && !State.WORDS.contains(state)) {
      throw new InvalidInputException(
          "--state", "--state must be one of " + String.join(", ", State.WORDS) + ", not " + state);
    }
    if (count < 1 || count > COUNT_MAX) {
      throw new InvalidInputException(
          "--count", "--count must be from 1 to " + COUNT_MAX + ", not " + count);
    }
    List<BoardJob> jobs;
    try (MezzotintSystem requests = surroundings.requests()) {
      jobs =
          requests.jobs().stream()
              .filter(job -> state == null || job.state().wireName().equals(state))
              .limit(count)
              .toList();
    }
    if (json) {
      byte[] text =
          JsonText.writePretty(Map.of("jobs", jobs.stream().map(BoardJob::toMap).toList()));
      System.out.print(new String(text, StandardCharsets.UTF_8));
    } else {
      jobs.forEach(job -> System.out.println(line(job)));
      if (jobs.isEmpty()) {
        System.err.println("no jobs");
      }
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
    boolean pairs = !steps && job.data().containsKey("pairsTotal"); // of a reflow, before its steps
    Object done = job.data().get(steps ? "iteration" : pairs ? "pairs" : "done");
    Object total = job.data().get(steps ? "iterations" : pairs ? "pairsTotal" : "total");
    boolean running = job.state() == State.RUNNING && done != null && total != null;
    return running
        ? model + "  " + done + "/" + total + (pairs ? " pairs" : "")
        : String.valueOf(model);
  }
}
