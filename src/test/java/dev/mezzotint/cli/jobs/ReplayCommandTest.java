package dev.mezzotint.cli.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.cli.OneSystem;
import dev.mezzotint.cli.Terminal;
import dev.mezzotint.client.DeadLetterReplay;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplayCommandTest {
  private static final DeadLetterReplay.Outcome SENT =
      new DeadLetterReplay.Outcome("dead-0@1", "requests", "a", "a.r1", "");
  private static final DeadLetterReplay.Outcome NOT_SENT =
      new DeadLetterReplay.Outcome("dead-0@2", "requests", "b", "b.r1", "its replay b.r1 died too");

  private final Terminal terminal = new Terminal(Path.of(""));
  private final OneSystem system = new OneSystem();

  @BeforeEach
  void setUp() {
    system.replayed = List.of(SENT);
  }

  @Test
  void replay_refusesMissingSelection() {
    terminal.refuses("replay", "--id", "--since", "--all");
    terminal.refuses("replay --since tomorrow", "--since", "tomorrow", "2h");
  }

  @Test
  void replay_printsReplayedLetters() {
    assertThat(run("replay --dead --all")).isZero();
    assertThat(terminal.stdout()).isEqualTo("dead-0@1  a -> requests  a.r1\n");
    assertThat(terminal.stderr()).isEqualTo("replayed 1 of 1 dead letters\n");
    assertThat(system.asked).containsExactly("Optional.empty Optional.empty false");
  }

  @Test
  void replay_failsIfALetterWasNotSent() {
    system.replayed = List.of(SENT, NOT_SENT);
    assertThat(run("replay --id b --as-is")).isEqualTo(1);
    assertThat(terminal.stdout()).contains("dead-0@2  b  not sent: its replay b.r1 died too\n");
    assertThat(system.asked).containsExactly("Optional[b] Optional.empty true");
  }

  @Test
  void replay_refusesUnknownId() {
    system.replayed = List.of();
    assertThat(run("replay --id zzz")).isEqualTo(2);
    assertThat(terminal.stderr()).contains("zzz");
    assertThat(run("replay --dead --all")).isZero();
  }

  @Test
  void listsJobsByState() {
    Instant time = Instant.parse("2026-11-22T12:00:00Z");
    Map<String, Object> why = Map.of("cause", "no such model", "model", "m@1");
    system.board.event(new JobEvent("e1", JobEvent.Type.FAILED, "bad", 1, 9, time, why));
    Map<String, Object> half = Map.of("done", 4, "total", 8, "model", "m@1");
    system.board.event(
        new JobEvent("e2", JobEvent.Type.PROGRESSED, "now", 1, 9, time.plusSeconds(1), half));
    assertThat(run("jobs list")).isZero();
    assertThat(terminal.stdout().lines().toList())
        .satisfiesExactly(
            line -> assertThat(line).contains("running", "now", "m@1  4/8"),
            line -> assertThat(line).contains("failed", "bad", "no such model"));
    assertThat(run("jobs list --state failed --json")).isZero();
    assertThat(terminal.stdout()).contains("\"bad\"").doesNotContain("\"now\"");
    assertThat(run("jobs list --state lost")).isEqualTo(2);
    assertThat(terminal.stderr()).contains("--state", "queued");
    assertThat(run("jobs list --count 0")).isEqualTo(2);
  }

  @Test
  void replay_json_printsOneObjectALine() {
    system.replayed = List.of(SENT, NOT_SENT);
    run("replay --all --json");
    List<String> lines = terminal.stdout().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(JsonObject.parse(lines.get(0).getBytes(StandardCharsets.UTF_8)).toMap())
        .isEqualTo(
            Map.of(
                "letter", "dead-0@1",
                "topic", "requests",
                "job", "a",
                "id", "a.r1",
                "sent", true,
                "refusal", ""));
  }

  @Test
  void since_parsesInstantsAndDurations() {
    Instant now = Instant.parse("2026-11-22T12:00:00Z");
    Map.of(
            "90s", "2026-11-22T11:58:30Z",
            "30m", "2026-11-22T11:30:00Z",
            "2h", "2026-11-22T10:00:00Z",
            "7d", "2026-11-15T12:00:00Z",
            "PT1H", "2026-11-22T11:00:00Z",
            "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z")
        .forEach(
            (text, instant) ->
                assertThat(ReplayCommand.instant(text, now)).isEqualTo(Instant.parse(instant)));
    for (String text : List.of("", "0h", "2", "h", "-2h", "P", "yesterday")) {
      assertThatThrownBy(() -> ReplayCommand.instant(text, now))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @Test
  void pausesAndResumes() {
    assertThat(run("pause generation")).isZero();
    assertThat(terminal.stderr()).isEqualTo("paused generation!\n");
    assertThat(run("resume generation")).isZero();
    assertThat(terminal.stderr()).isEqualTo("resumed generation?\n");
  }

  private int run(String line) {
    return terminal.run(system, line);
  }
}
