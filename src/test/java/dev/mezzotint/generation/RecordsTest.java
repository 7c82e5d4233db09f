package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.job.JobEvent;
import dev.mezzotint.job.JobId;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands in the bucket reads back as it was written. */
class RecordsTest {
  private static final JobRecord UNTRIED =
      JobRecord.untried(new JobId("a"), "f".repeat(64), World.START);

  private static JobRecord attempted(JobRecord job, String run, String position) {
    return job.attempt(Optional.of("tiny@1"), "w1", run, position, World.START.plusSeconds(1));
  }

  @Test
  void jobRecordReadsBack() {
    assertThat(JobRecord.parse(UNTRIED.toJson())).isEqualTo(UNTRIED);
    JobRecord job = attempted(attempted(UNTRIED, "r1", "p").handBack("r1"), "r2", "q");
    assertThat(JobRecord.parse(job.toJson())).isEqualTo(job);
  }

  @Test
  void manifestReadsBackInEveryState() {
    JobRecord job = attempted(UNTRIED, "r1", "p");
    Manifest completed =
        Manifest.completed(
            job,
            World.START,
            new Manifest.Settings("tiny@1", "ab2", 8, "cosine", OptionalInt.of(3)),
            List.of(new Manifest.Image("k", "0".repeat(64), 9, 4, 4, (1L << 53) - 1, 2)),
            Optional.of(new Manifest.Grid("g", "1".repeat(64), 10)));
    assertThat(Manifest.parse(completed.toJson())).isEqualTo(completed);
    Manifest failed =
        Manifest.failed(job, World.START, new InvalidInputException("steps", "steps is wrong"));
    assertThat(Manifest.parse(failed.toJson())).isEqualTo(failed);
  }

  @Test
  void manifestOfALaterSchemaIsRefused() {
    assertThatThrownBy(() -> Manifest.parse("{\"schema\":2}".getBytes()))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage("schema must be from 1 to 1, not 2");
  }

  @Test
  void manifestIsAnEnd() {
    assertThatThrownBy(
            () ->
                new Manifest(
                    new JobId("a"),
                    JobEvent.Type.STARTED,
                    1,
                    World.START,
                    "f",
                    Optional.empty(),
                    List.of(),
                    Optional.empty(),
                    "",
                    ""))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sameRecordAgainIsAStrikeAndAnotherOneIsNot() {
    JobRecord once = attempted(UNTRIED, "r1", "p");
    assertThat(once.strikesAt("p")).isEqualTo(1);
    assertThat(once.strikesAt("q")).isZero();
    assertThat(once.handBack("r1").strikesAt("p")).isZero();
    JobRecord twice = attempted(once, "r2", "p");
    assertThat(twice.strikes()).isEqualTo(1);
    assertThat(attempted(twice, "r3", "copy").strikes()).isEqualTo(1);
    assertThat(twice.attempts()).isEqualTo(2);
  }

  @Test
  void firstAttemptFixesTheModel() {
    JobRecord job = attempted(UNTRIED, "r1", "p");
    JobRecord later = job.attempt(Optional.of("tiny@2"), "w", "r2", "p", World.START);
    assertThat(later.model()).contains("tiny@1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"count\":3,\"condition\":[\"a\",\"b\"] "
            + "| condition must be one picture or one per image, not 2 for 3",
        "\"mask\":\"m.png\" | mask needs init: the picture that it is laid on",
        "\"count\":1025,\"output\":{\"grid\":true} "
            + "| output.grid is for at most 1024 images, not 1025",
        "\"count\":2,\"seeds\":[1] "
            + "| count must not be given together with seeds, which says how many",
        "\"steps\":0 | steps must be from 1 to 1000, not 0",
        "\"condition\":{\"size\":3} "
            + "| condition.key or condition.data must be given, and not both",
        "\"sampler\":\"ddim\" "
            + "| sampler must be one of euler, midpoint, heun, rk4, ab2, ab3, not \"ddim\"",
      })
  void refusalIsOneSentenceThatNamesTheField(String fields, String message) {
    JsonObject json = JsonObject.parse(World.request("a", fields));
    assertThatThrownBy(() -> GenerationRequest.parse(json, GenerationLimits.DEFAULT))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(message);
  }

  @Test
  void limitsAreTheConfiguredOnes() {
    GenerationLimits strict = new GenerationLimits(1_000, 2, 3, 4, 1, 10, 10);
    JsonObject json = JsonObject.parse(World.request("a", "\"count\":3"));
    assertThatThrownBy(() -> GenerationRequest.parse(json, strict))
        .hasMessage("count must be from 1 to 2, not 3");
    assertThatThrownBy(() -> new GenerationLimits(1_000, 100_001, 3, 4, 1, 10, 10))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
