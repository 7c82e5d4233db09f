package dev.mezzotint.cli.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.board.JobBoard;
import dev.mezzotint.cli.OneSystem;
import dev.mezzotint.cli.Terminal;
import dev.mezzotint.client.JobClient;
import dev.mezzotint.delivery.JobRecord;
import dev.mezzotint.generation.request.GenerationLimits;
import dev.mezzotint.generation.request.GenerationRequest;
import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.ContentType;
import dev.mezzotint.storage.Keys;
import dev.mezzotint.training.recipe.TrainingRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what {@code submit} checks, sends and prints. */
class SubmitCommandTest {
  private static final String REQUEST = "{\"id\": \"poster\", \"model\": \"m\", \"count\": 4}";

  private final Sent system = new Sent();
  @TempDir Path folder;
  private Terminal terminal = new Terminal(Path.of(""));

  /** Keeps what was submitted. */
  private static final class Sent extends OneSystem {
    final List<String> records = new ArrayList<>();

    /** Whether the process ends while a job is followed. */
    boolean interrupted;

    @Override
    public void submit(JobClient.Kind kind, String id, byte[] json) {
      super.submit(kind, id, json);
      records.add(new String(json, UTF_8));
    }

    @Override
    public Optional<JobEvent> watch(
        String id,
        Instant since,
        Duration limit,
        Consumer<JobEvent> seen,
        Predicate<JobEvent> last) {
      if (interrupted) {
        endings.forEach(Runnable::run);
      }
      return super.watch(id, since, limit, seen, last);
    }
  }

  @BeforeEach
  void setUp() {
    terminal = new Terminal(folder);
  }

  private static JobEvent event(JobEvent.Type type, long sequence, Map<String, Object> data) {
    Instant time = Instant.parse("2026-11-22T12:00:00Z").plusSeconds(sequence);
    return new JobEvent("e" + sequence, type, "poster", 1, sequence, time, data);
  }

  private int submit(String text, String options) throws IOException {
    Files.writeString(folder.resolve("r.json"), text);
    return terminal.run(system, "submit @/r.json" + options);
  }

  /** A worker has taken this request; it has ended if a state is given. */
  private void taken(String request, String state) {
    JsonObject json = JsonObject.parse(request);
    String fingerprint = JobBoard.fingerprint(json);
    Instant created = Instant.now().minus(200, ChronoUnit.SECONDS);
    JobId id = JobId.read(json);
    JobRecord job = JobRecord.withoutAttempts(id, fingerprint, created);
    system.store.put(Keys.jobRecord(id.value()), job.toJson(), ContentType.JSON);
    if (!state.isEmpty()) {
      String result = state.equals("completed") ? "\"images\":[]" : "\"cause\":\"a reason\"";
      String manifest =
          "{\"schema\":1,\"id\":\"%s\",\"state\":\"%s\",\"created\":\"%s\",\"fingerprint\":\"%s\",%s}"
              .formatted(id, state, created, fingerprint, result);
      system.store.put(Keys.manifest(id.value()), manifest.getBytes(UTF_8), ContentType.JSON);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"id\":\"a b\",\"model\":\"m\"}",
        "{\"id\":\"a\"}",
        "{\"id\":\"a\",\"model\":\"../m\"}",
        "{\"id\":\"a\",\"model\":\"m\",\"count\":0}",
        "{\"id\":\"a\",\"model\":\"m\",\"count\":1,\"seeds\":[1]}",
        "{\"id\":\"a\",\"model\":\"m\",\"steps\":1001}",
        "{\"id\":\"a\",\"model\":\"m\",\"stepz\":8}",
        "{\"id\":\"a\",\"model\":\"m\",\"sampler\":\"eular\"}",
        "{\"id\":\"a\",\"model\":\"m\",\"guidance\":-1}",
        "{\"id\":\"a\",\"model\":\"m\",\"priority\":\"urgent\"}",
        "{\"id\":\"a\",\"model\":\"m\",\"deadline\":\"soon\"}",
        "{\"id\":\"a\",\"model\":\"m\",\"output\":{\"grit\":true}}"
      })
  void refusesBrokenRequest_withTheSentenceOfTheApi_beforeItIsSent(String request)
      throws IOException {
    String sentence = "";
    try {
      JsonObject json = JsonObject.parse(request);
      assertThat(TrainingRequest.isTrainingRequest(json)).isFalse(); // as in JobSubmission
      GenerationRequest.parse(json, GenerationLimits.DEFAULT);
    } catch (InvalidInputException e) {
      sentence = e.getMessage();
    }
    assertThat(submit(request, "")).isEqualTo(2);
    assertThat(terminal.stderr()).isEqualTo("error: " + folder + "/r.json: " + sentence + "\n");
    assertThat(system.records).isEmpty();
  }

  @Test
  void refusesBrokenTrainings_andUnreadableJson_beforeTheyAreSent() throws IOException {
    assertThat(submit("{\"id\":\"a\",\"model\":\"m\",\"iterations\":5}", "")).isEqualTo(2);
    assertThat(terminal.stderr()).contains("is missing");
    assertThat(submit("{\"id\":\"a\",", "")).isEqualTo(2);
    assertThat(terminal.stderr()).contains("is not valid JSON").doesNotContain("Source", "FAIL_ON");
    assertThat(system.records).isEmpty();
  }

  @Test
  void requestWithoutFile_hasTheOptions() {
    assertThat(
            terminal.run(
                system, "submit --model avatars-32 --count 4 --seed 1 --id first --class 2 --grid"))
        .isZero();
    assertThat(system.records)
        .containsExactly(
            "{\"id\":\"first\",\"model\":\"avatars-32\",\"count\":4,\"seed\":1,\"classLabel\":2,"
                + "\"output\":{\"grid\":true}}");
    assertThat(terminal.stderr()).isEqualTo("submitted first\n");
    assertThat(terminal.run(system, "submit --model avatars-32")).isZero();
    assertThat(JsonObject.parse(system.records.get(1)).requiredString("id"))
        .matches("\\d{8}-\\d{6}-[0-9a-z]+");
    terminal.refuses(system, "submit --model avatars-32 --steps 0", "steps must be from 1");
    terminal.refuses(system, "submit", "a request is missing", "--model");
    terminal.refuses(system, "submit @/r.json --seed 2", "for requests without a file");
    assertThat(system.records).hasSize(2);
  }

  @Test
  void standardInput_isRead() {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(REQUEST.getBytes(UTF_8)));
      assertThat(terminal.run(system, "submit -")).isZero();
    } finally {
      System.setIn(before);
    }
    assertThat(system.records).containsExactly(REQUEST);
  }

  @Test
  void jsonLines_areAllCheckedBeforeOneIsSent() throws IOException {
    String lines = REQUEST + "\n\n" + REQUEST.replace("poster", "other") + "\n";
    assertThat(submit(lines + "{\"id\":\"c\",\"model\":\"m\",\"steps\":0}\n", "")).isEqualTo(2);
    assertThat(terminal.stderr()).contains("r.json line 4: steps must be from 1");
    assertThat(system.records).isEmpty();
    assertThat(submit(lines, "")).isZero();
    assertThat(system.asked).containsExactly("submit GENERATION poster", "submit GENERATION other");
  }

  @Test
  void newId_replacesTheId() throws IOException {
    taken(REQUEST, "failed");
    String other = REQUEST.replace("4", "5");
    assertThat(submit(other, "")).isEqualTo(2);
    assertThat(terminal.stderr())
        .contains("id poster belongs to another request, which has failed 3 min ago: ")
        .contains("choose a new id, or use --new-id");
    assertThat(system.records).isEmpty();
    assertThat(submit(other, " --new-id")).isZero();
    JsonObject sent = JsonObject.parse(system.records.get(0));
    assertThat(sent.requiredString("id")).isNotEqualTo("poster");
    assertThat(sent.integer("count", 1, 9)).hasValue(5);
  }

  @Test
  void sameRequestAgain_isSentAndReported() throws IOException {
    taken(REQUEST, "completed");
    assertThat(submit(REQUEST, "")).isZero();
    assertThat(terminal.stderr())
        .isEqualTo("poster has already completed 3 min ago; nothing is computed again\n");
    assertThat(system.records).hasSize(1);
    assertThat(submit(REQUEST, " --json")).isZero();
    assertThat(terminal.stdout()).contains("\"already\":\"completed\"");
  }

  @Test
  void failedRequest_usesUpItsId() throws IOException {
    system.events =
        List.of(event(JobEvent.Type.FAILED, 1, Map.of("field", "model", "cause", "no model m")));
    assertThat(submit(REQUEST, " --watch")).isEqualTo(2);
    assertThat(terminal.stdout()).contains("failed  cause=no model m");
    assertThat(terminal.stderr())
        .contains("the id poster belongs to that request now: choose a new id, or use --new-id");
  }

  @Test
  void lines_areShort() throws IOException {
    system.events =
        List.of(
            event(JobEvent.Type.PROGRESSED, 1, Map.of("done", 3, "frames", List.of())),
            event(JobEvent.Type.COMPLETED, 2, Map.of("manifestSha256", "abc", "grid", "g")));
    system.store.put("jobs/poster/grid.png", "grid".getBytes(UTF_8), "image/png");
    assertThat(submit(REQUEST, " --out @/first")).isZero();
    assertThat(terminal.stdout().lines().toList())
        .containsExactly(
            "2026-11-22T12:00:01Z  progressed  done=3",
            "2026-11-22T12:00:02Z  completed  grid=g",
            "s3://bucket/jobs/poster/",
            "1 file: %1$s, all images in %1$s/grid.png".formatted(folder.resolve("first")));
    assertThat(system.endings).isEmpty();
  }

  @Test
  void interruption_saysThatTheJobContinues() throws IOException {
    system.interrupted = true;
    assertThat(submit(REQUEST, " --watch")).isEqualTo(1);
    assertThat(terminal.stderr())
        .contains("job poster continues: 'mezzotint watch poster' shows it, 'mezzotint cancel");
  }

  @Test
  void bar_showsProgressRateAndRemainingTime() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ProgressBar bar = new ProgressBar(new PrintStream(out, true, UTF_8));
    bar.show(event(JobEvent.Type.STARTED, 0, Map.of("worker", "w1")));
    bar.show(event(JobEvent.Type.PROGRESSED, 1, Map.of("done", 0, "total", 96, "images", 0)));
    bar.show(event(JobEvent.Type.PROGRESSED, 9, Map.of("done", 48, "total", 96, "images", 2)));
    bar.show(event(JobEvent.Type.COMPLETED, 17, Map.of()));
    assertThat(out.toString(UTF_8).split("\033\\[K", -1))
        .containsExactly(
            "\rstarted on w1",
            "\r[" + " ".repeat(24) + "] 0/96 evaluations  0 images stored",
            "\r["
                + "=".repeat(12)
                + " ".repeat(12)
                + "] 48/96 evaluations  2 images stored  6.0/s  8 s left",
            "\rcompleted in 16 s",
            System.lineSeparator());
  }
}
