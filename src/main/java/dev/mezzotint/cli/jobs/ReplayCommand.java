package dev.mezzotint.cli.jobs;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.client.DeadLetterReplay.Outcome;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.json.InvalidInputException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code replay}: sends the requests of dead letters again. */
@Command(
    name = "replay",
    description = {
      "Send the requests of dead letters to their topics again.",
      "The outcome of a finished job does not change: its request is sent as ID.r1, ID.r2, …"
    },
    footer = {
      "",
      "Examples:",
      "  replay --id poster-0042",
      "  replay --since 2h",
      "  replay --all"
    })
public final class ReplayCommand implements Callable<Integer> {
  private static final Pattern SHORT = Pattern.compile("[1-9][0-9]{0,5}[smhd]");

  /** The only source; the option is from when others were planned. */
  @Option(names = "--dead", hidden = true)
  private boolean dead;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "Replay only the letters of this job and its replays.")
  private @Nullable String id;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Replay only letters since 2027-01-31T12:00:00Z, or of the last 30m, 2h, 7d.")
  private @Nullable String since;

  @Option(names = "--all", description = "Replay all letters.")
  private boolean all;

  @Option(names = "--as-is", description = "Keep the ids of the requests.")
  private boolean asIs;

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public ReplayCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (!all && id == null && since == null) {
      throw new InvalidInputException("replay", "replay needs one of --id, --since and --all");
    }
    Optional<Instant> from = Optional.ofNullable(since).map(text -> instant(text, Instant.now()));
    List<Outcome> replayed;
    try (JobClient client = context.client()) {
      replayed = client.replay(Optional.ofNullable(id), from, asIs);
    }
    if (replayed.isEmpty() && id != null) {
      throw new InvalidInputException("--id", "there is no such dead letter of job " + id);
    }
    replayed.forEach(one -> json.result(line(one), facts(one)));
    long sent = replayed.stream().filter(one -> one.refusal().isEmpty()).count();
    System.err.println("replayed " + sent + " of " + replayed.size() + " dead letters");
    return sent == replayed.size() ? 0 : 1;
  }

  static Instant instant(String text, Instant now) {
    try {
      if (SHORT.matcher(text).matches()) {
        String unit = text.toUpperCase(Locale.ROOT);
        return now.minus(Duration.parse(unit.endsWith("D") ? "P" + unit : "PT" + unit));
      }
      return text.startsWith("P")
          ? now.minus(Duration.parse(text))
          : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw new InvalidInputException(
          "--since",
          "--since must be a time such as 2027-01-31T12:00:00Z or a length such as 2h, not " + text,
          e);
    }
  }

  private static String line(Outcome one) {
    String what = one.letter() + (one.job().isEmpty() ? "" : "  " + one.job());
    return one.refusal().isEmpty()
        ? what + " -> " + one.topic() + (one.id().isEmpty() ? "" : "  " + one.id())
        : what + "  not sent: " + one.refusal();
  }

  private static Map<String, Object> facts(Outcome one) {
    return Map.of(
        "letter", one.letter(),
        "topic", one.topic(),
        "job", one.job(),
        "id", one.id(),
        "sent", one.refusal().isEmpty(),
        "refusal", one.refusal());
  }
}
