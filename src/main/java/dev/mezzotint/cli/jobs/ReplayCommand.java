package dev.mezzotint.cli.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.client.MezzotintSystem;
import dev.mezzotint.client.MezzotintSystem.Replayed;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonText;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code replay --dead}: gives dead letters a second chance. */
@Command(
    name = "replay",
    description = {
      "Send the requests of dead letters back to the topics that they came from.",
      "A job that has ended stays as it ended: its request comes back as ID.r1, ID.r2, …"
    },
    footer = {
      "",
      "Examples:",
      "  replay --dead --id poster-0042",
      "  replay --dead --since 2h",
      "  replay --dead --all"
    })
public final class ReplayCommand implements Callable<Integer> {
  private static final Pattern SHORT = Pattern.compile("[1-9][0-9]{0,5}[smhd]");

  @Option(names = "--dead", required = true, description = "From the dead-letter topic.")
  private boolean dead;

  @Option(names = "--id", paramLabel = "ID", description = "Only this job and its replays.")
  private @Nullable String id;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only letters since 2027-01-31T12:00:00Z, or of the last 30m, 2h, 7d.")
  private @Nullable String since;

  @Option(names = "--all", description = "All letters.")
  private boolean all;

  @Option(names = "--as-is", description = "Requests keep their ids.")
  private boolean asIs;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  private final CommandContext surroundings;

  public ReplayCommand(CommandContext surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    if (!all && id == null && since == null) {
      throw new InvalidInputException(
          "replay", "replay needs one of --id, --since and --all, which say what to send back");
    }
    Optional<Instant> from = Optional.ofNullable(since).map(text -> instant(text, Instant.now()));
    List<Replayed> replayed;
    try (MezzotintSystem requests = surroundings.requests()) {
      replayed = requests.replay(Optional.ofNullable(id), from, asIs);
    }
    if (replayed.isEmpty() && id != null) {
      throw new InvalidInputException("--id", "no such dead letter is of the job " + id);
    }
    replayed.forEach(one -> System.out.println(json ? object(one) : line(one)));
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

  private static String line(Replayed one) {
    String what = one.letter() + (one.job().isEmpty() ? "" : "  " + one.job());
    return one.refusal().isEmpty()
        ? what + " -> " + one.topic() + (one.id().isEmpty() ? "" : "  " + one.id())
        : what + "  not sent: " + one.refusal();
  }

  private static String object(Replayed one) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("letter", one.letter());
    members.put("topic", one.topic());
    members.put("job", one.job());
    members.put("id", one.id());
    members.put("sent", one.refusal().isEmpty());
    members.put("refusal", one.refusal());
    return new String(JsonText.writeInOrder(members), UTF_8);
  }
}
