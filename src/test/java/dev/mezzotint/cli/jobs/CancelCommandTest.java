package dev.mezzotint.cli.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.cli.OneSystem;
import dev.mezzotint.cli.Terminal;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

/** Tests that {@code cancel} reports the state of the job. */
class CancelCommandTest {
  private final Terminal terminal = new Terminal(Path.of(""));
  private final OneSystem system = new OneSystem();

  @Test
  void unknownJob_isCancelledByForceOnly() {
    assertThat(terminal.run(system, "cancel poster")).isEqualTo(1);
    assertThat(terminal.stderr()).contains("there is no job poster; --force");
    assertThat(terminal.run(system, "cancel poster --json")).isEqualTo(1);
    assertThat(terminal.stdout())
        .isEqualTo("{\"cancelRequested\":false,\"jobId\":\"poster\",\"state\":\"unknown\"}\n");
    assertThat(system.asked).isEmpty();
    assertThat(terminal.run(system, "cancel poster --force")).isZero();
    assertThat(system.asked).containsExactly("cancel poster");
    terminal.refuses(system, "cancel ../x --force", "id must be 1 to 128 letters");
  }

  @Test
  void queuedJob_isCancelled() {
    JsonObject request = JsonObject.parse("{\"id\":\"poster\",\"model\":\"m\"}");
    system.board.requested("generation", new JobId("poster"), request, Instant.now());
    assertThat(terminal.run(system, "cancel poster")).isZero();
    assertThat(terminal.stderr()).contains("cancellation requested for poster");
    assertThat(system.asked).containsExactly("cancel poster");
  }

  @Test
  void runningJob_isCancelled() {
    JobRecord job = JobRecord.withoutAttempts(new JobId("poster"), "f", Instant.now());
    system.store.put(Keys.jobRecord("poster"), job.toJson(), ContentType.JSON);
    assertThat(terminal.run(system, "cancel poster")).isZero();
    assertThat(system.asked).containsExactly("cancel poster");
  }

  @Test
  void endedJob_isNotCancelled() {
    String manifest =
        "{\"schema\":1,\"id\":\"poster\",\"state\":\"%s\",\"created\":\"%s\",\"fingerprint\":\"f\",%s}";
    Instant created = Instant.now().minus(2, ChronoUnit.HOURS);
    system.store.put(
        Keys.manifest("poster"),
        manifest.formatted("completed", created, "\"images\":[]").getBytes(UTF_8),
        ContentType.JSON);
    assertThat(terminal.run(system, "cancel poster")).isEqualTo(1);
    assertThat(terminal.stderr())
        .isEqualTo("job poster has already completed 2 h ago: nothing to cancel\n");
    assertThat(terminal.run(system, "cancel poster --force --json")).isEqualTo(1);
    assertThat(terminal.stdout()).contains("\"cancelRequested\":false", "\"state\":\"completed\"");
    assertThat(system.asked).isEmpty();
  }
}
