package dev.mezzotint.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Documents in the bucket are read as they were written. */
class RecordsTest {
  private static final Instant START = Instant.parse("2026-11-22T12:00:00Z");
  private static final JobRecord UNTRIED =
      JobRecord.withoutAttempts(new JobId("a"), "f".repeat(64), START);

  private static JobRecord attempted(JobRecord job, String run, String position) {
    return job.withAttempt(
        Optional.of("tiny@1"),
        Optional.of("onnxruntime"),
        "w1",
        run,
        position,
        START.plusSeconds(1));
  }

  @Test
  void jobRecord_isReadAsWritten() {
    assertThat(JobRecord.parse(UNTRIED.toJson())).isEqualTo(UNTRIED);
    JobRecord job = attempted(attempted(UNTRIED, "r1", "p").withHandBack("r1"), "r2", "q");
    assertThat(JobRecord.parse(job.toJson())).isEqualTo(job);
  }

  @Test
  void manifest_isReadAsWritten_inEveryState() {
    JobRecord job = attempted(UNTRIED, "r1", "p");
    Manifest completed =
        Manifest.completed(
            job,
            START,
            new GeneratedImages(
                Optional.of(
                    new GeneratedImages.Settings(
                        "tiny@1",
                        Optional.empty(),
                        "ab2",
                        8,
                        "cosine",
                        OptionalInt.of(3),
                        Optional.empty())),
                List.of(new GeneratedImages.Image("k", "0".repeat(64), 9, 4, 4, (1L << 53) - 1, 2)),
                Optional.of(new GeneratedImages.File("g", "1".repeat(64), 10))));
    assertThat(Manifest.parse(completed.toJson())).isEqualTo(completed);
    Manifest framed =
        Manifest.completed(
            job,
            START,
            new GeneratedImages(
                Optional.empty(),
                List.of(),
                List.of(new GeneratedImages.BadFile("1.png", "is broken")),
                List.of(new GeneratedImages.BadFile("2.png", "is missing")),
                Optional.empty(),
                Optional.of(new GeneratedImages.File("s", "1".repeat(64), 10)),
                Optional.empty(),
                List.of()));
    assertThat(Manifest.parse(framed.toJson())).isEqualTo(framed);
    Manifest failed =
        Manifest.failed(job, START, new InvalidInputException("steps", "steps is wrong"));
    assertThat(Manifest.parse(failed.toJson())).isEqualTo(failed);
  }

  @Test
  void manifestOfALaterSchema_isRefused() {
    assertThatThrownBy(() -> Manifest.parse("{\"schema\":2}".getBytes()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("schema must be from 1 to 1, not 2");
  }

  @Test
  void manifest_requiresATerminalState() {
    assertThatThrownBy(
            () ->
                new Manifest(
                    new JobId("a"), JobEvent.Type.STARTED, 1, START, "f", null, null, "", ""))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void failedAttempts_countRedeliveriesOfTheSameRecordOnly() {
    JobRecord once = attempted(UNTRIED, "r1", "p");
    assertThat(once.failedAttemptsAt("p")).isEqualTo(1);
    assertThat(once.failedAttemptsAt("q")).isZero();
    assertThat(once.withHandBack("r1").failedAttemptsAt("p")).isZero();
    JobRecord twice = attempted(once, "r2", "p");
    assertThat(twice.failedAttempts()).isEqualTo(1);
    assertThat(attempted(twice, "r3", "copy").failedAttempts()).isEqualTo(1);
    assertThat(twice.attempts()).isEqualTo(2);
  }

  @Test
  void withAttempt_keepsModelAndEngineOfTheFirstAttempt() {
    JobRecord job = attempted(UNTRIED, "r1", "p");
    JobRecord later =
        job.withAttempt(Optional.of("tiny@2"), Optional.of("pytorch"), "w", "r2", "p", START);
    assertThat(later.model()).contains("tiny@1");
    assertThat(later.engine()).contains("onnxruntime");
  }

  @Test
  void withAdvance_resetsFailedAttempts() {
    JobRecord twice = attempted(attempted(UNTRIED, "r1", "p"), "r2", "p");
    assertThat(twice.failedAttemptsAt("p")).isEqualTo(2);
    JobRecord advanced = twice.withAdvance("r2");
    assertThat(advanced.failedAttemptsAt("p")).isZero();
    assertThat(JobRecord.parse(advanced.toJson())).isEqualTo(advanced);
    // Later failures count from zero.
    JobRecord next = attempted(advanced, "r3", "p");
    assertThat(next.failedAttemptsAt("p")).isEqualTo(1);
    assertThat(next.withHandBack("r3").failedAttemptsAt("p")).isZero();
  }

  @Test
  void trainedModel_isReadAsWritten_andInItsEvent() {
    TrainedModel model =
        new TrainedModel(
            "faces@1", "0".repeat(64), 200, 0.25, "l", "c", List.of("s1", "s2"), List.of("k"), 3);
    Manifest manifest = Manifest.completed(attempted(UNTRIED, "r1", "p"), START, model);
    assertThat(Manifest.parse(manifest.toJson())).isEqualTo(manifest);
    assertThat(model.keys()).containsExactlyInAnyOrder("l", "c", "s1", "s2", "k");
    assertThat(JobEvents.end(manifest.toJson()).data())
        .containsEntry("model", "faces@1")
        .containsEntry("weightsSha256", "0".repeat(64))
        .containsEntry("iterations", 200L)
        .doesNotContainKey("images");
  }

  @Test
  void documentsOfGenerationJobs_haveTheirMembersInOrder() {
    JobRecord job = attempted(UNTRIED, "r1", "p");
    assertThat(new String(job.toJson(), StandardCharsets.UTF_8).replaceAll("\\s", ""))
        .isEqualTo(
            "{\"schema\":1,\"id\":\"a\",\"fingerprint\":\""
                + "f".repeat(64)
                + "\",\"model\":\"tiny@1\",\"engine\":\"onnxruntime\",\"attempts\":1,\"failedAttempts\":0,"
                + "\"created\":\"2026-11-22T12:00:00Z\",\"history\":[{\"number\":1,"
                + "\"worker\":\"w1\",\"run\":\"r1\",\"position\":\"p\","
                + "\"time\":\"2026-11-22T12:00:01Z\",\"handedBack\":false}]}");
    GeneratedImages images =
        new GeneratedImages(
            Optional.of(
                new GeneratedImages.Settings(
                    "tiny@1",
                    Optional.of("pytorch"),
                    "ab2",
                    8,
                    "cosine",
                    OptionalInt.empty(),
                    Optional.empty())),
            List.of(new GeneratedImages.Image("k", "s", 9, 4, 5, 7, 2)),
            Optional.of(new GeneratedImages.File("g", "t", 10)));
    Manifest manifest = Manifest.completed(job, START, images);
    assertThat(new String(manifest.toJson(), StandardCharsets.UTF_8).replaceAll("\\s", ""))
        .isEqualTo(
            "{\"schema\":1,\"id\":\"a\",\"state\":\"completed\",\"attempt\":1,"
                + "\"created\":\"2026-11-22T12:00:00Z\",\"fingerprint\":\""
                + "f".repeat(64)
                + "\",\"settings\":{\"model\":\"tiny@1\",\"engine\":\"pytorch\",\"sampler\":\"ab2\",\"steps\":8,"
                + "\"schedule\":\"cosine\"},\"images\":[{\"key\":\"k\",\"sha256\":\"s\","
                + "\"bytes\":9,\"width\":4,\"height\":5,\"seed\":7,\"noiseIndex\":2}],"
                + "\"grid\":{\"key\":\"g\",\"sha256\":\"t\",\"bytes\":10}}");
  }
}
