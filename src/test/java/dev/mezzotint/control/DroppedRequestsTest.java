package dev.mezzotint.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.PendingRequests.Gone;
import dev.mezzotint.control.PendingRequests.Place;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DroppedRequestsTest {
  private static final long CONTENTS = 7;
  private static final long OTHER = 8;
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(5);

  private final DroppedRequests lost = new DroppedRequests();

  private static Gone gone(String id, Place place) {
    return new Gone(id, CONTENTS, place);
  }

  private static PendingJobs.Waiting copy(String id, long fingerprint) {
    return new PendingJobs.Waiting(id, fingerprint, Optional.empty());
  }

  private static Place at(long offset) {
    return new Place("requests", 0, offset);
  }

  @Test
  void whoseEndWasToldIsNotLookedAt() {
    lost.ended("a");
    lost.settled(gone("a", at(1)), NOW);
    assertThat(lost.due(LATER, 9)).isEmpty();
    assertThat(lost.first("requests", 0)).isEmpty();
  }

  @Test
  void anEndThatIsHeardOfLateClearsTheSuspicion() {
    lost.settled(gone("a", at(1)), NOW);
    lost.ended("a");
    assertThat(lost.due(LATER, 9)).isEmpty();
  }

  @Test
  void aCopyThatIsReadLaterClearsTheSuspicion() {
    lost.settled(gone("a", at(1)), NOW);
    assertThat(lost.due(NOW, 9)).as("copies are read a little later").isEmpty();
    assertThat(lost.seen(copy("a", CONTENTS))).isTrue();
    assertThat(lost.due(LATER, 9)).isEmpty();
  }

  @Test
  void anotherRequestUnderItsIdIsNoCopy() {
    lost.settled(gone("a", at(1)), NOW);
    assertThat(lost.seen(copy("a", OTHER))).isFalse();
    assertThat(lost.due(LATER, 9)).containsExactly(Map.entry("a", at(1)));
    assertThat(lost.seen(copy("b", OTHER))).isTrue();
  }

  @Test
  void whoseEndNobodyToldIsLookedAtAgainAndAgainEverMoreSeldom() {
    lost.settled(gone("a", at(1)), NOW);
    Instant now = LATER;
    Duration before = Duration.ZERO;
    for (int look = 0; look < 12; look++) {
      assertThat(lost.due(now, 9)).containsExactly(Map.entry("a", at(1)));
      Duration pause = Duration.ofSeconds(1);
      while (lost.due(now.plus(pause), 9).isEmpty()) {
        pause = pause.plusSeconds(1);
        assertThat(pause).isLessThan(Duration.ofMinutes(11));
      }
      assertThat(pause).isGreaterThanOrEqualTo(before);
      before = pause.minusSeconds(before.isZero() ? 0 : 1);
      now = now.plus(pause).plus(Duration.ofMinutes(10));
    }
  }

  @Test
  void whatIsTooMuchAtOnceStaysDue() {
    for (int i = 0; i < 5; i++) {
      lost.settled(gone("job" + i, at(i)), NOW);
    }
    assertThat(lost.due(LATER, 3)).hasSize(3);
    assertThat(lost.due(LATER, 3)).hasSize(2);
    assertThat(lost.due(LATER, 3)).isEmpty();
  }

  @Test
  void theFirstOfAPartitionIsKnown() {
    lost.settled(gone("a", at(7)), NOW);
    lost.settled(gone("b", at(3)), NOW);
    lost.settled(gone("c", new Place("requests", 1, 1)), NOW);
    lost.settled(gone("d", new Place("other", 0, 2)), NOW);
    assertThat(lost.first("requests", 0)).hasValue(3);
    lost.ended("b");
    assertThat(lost.first("requests", 0)).hasValue(7);
  }
}
