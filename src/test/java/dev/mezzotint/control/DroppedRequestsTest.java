package dev.mezzotint.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.control.PendingRequests.Position;
import dev.mezzotint.control.PendingRequests.Settled;
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

  private static Settled gone(String id, Position place) {
    return new Settled(id, CONTENTS, place);
  }

  private static PendingJobs.PendingRequest copy(String id, long fingerprint) {
    return new PendingJobs.PendingRequest(id, fingerprint, Optional.empty());
  }

  private static Position at(long offset) {
    return new Position("requests", 0, offset);
  }

  @Test
  void due_excludesEndedJobs() {
    lost.ended("a");
    lost.requestSettled(gone("a", at(1)), NOW);
    assertThat(lost.pollDue(LATER, 9)).isEmpty();
    assertThat(lost.earliestOffset("requests", 0)).isEmpty();
  }

  @Test
  void jobEnded_removesTheCandidate() {
    lost.requestSettled(gone("a", at(1)), NOW);
    lost.ended("a");
    assertThat(lost.pollDue(LATER, 9)).isEmpty();
  }

  @Test
  void recordSeen_ofACopy_removesTheCandidate() {
    lost.requestSettled(gone("a", at(1)), NOW);
    assertThat(lost.pollDue(NOW, 9)).as("copies are read a little later").isEmpty();
    assertThat(lost.recordSeen(copy("a", CONTENTS))).isTrue();
    assertThat(lost.pollDue(LATER, 9)).isEmpty();
  }

  @Test
  void recordSeen_ofADifferentRequestWithTheId_isFalse() {
    lost.requestSettled(gone("a", at(1)), NOW);
    assertThat(lost.recordSeen(copy("a", OTHER))).isFalse();
    assertThat(lost.pollDue(LATER, 9)).containsExactly(Map.entry("a", at(1)));
    assertThat(lost.recordSeen(copy("b", OTHER))).isTrue();
  }

  @Test
  void due_backsOffExponentially() {
    lost.requestSettled(gone("a", at(1)), NOW);
    Instant now = LATER;
    Duration before = Duration.ZERO;
    for (int look = 0; look < 12; look++) {
      assertThat(lost.pollDue(now, 9)).containsExactly(Map.entry("a", at(1)));
      Duration pause = Duration.ofSeconds(1);
      while (lost.pollDue(now.plus(pause), 9).isEmpty()) {
        pause = pause.plusSeconds(1);
        assertThat(pause).isLessThan(Duration.ofMinutes(11));
      }
      assertThat(pause).isGreaterThanOrEqualTo(before);
      before = pause.minusSeconds(before.isZero() ? 0 : 1);
      now = now.plus(pause).plus(Duration.ofMinutes(10));
    }
  }

  @Test
  void due_returnsAtMostTheGivenNumber() {
    for (int i = 0; i < 5; i++) {
      lost.requestSettled(gone("job" + i, at(i)), NOW);
    }
    assertThat(lost.pollDue(LATER, 3)).hasSize(3);
    assertThat(lost.pollDue(LATER, 3)).hasSize(2);
    assertThat(lost.pollDue(LATER, 3)).isEmpty();
  }

  @Test
  void earliestOffset_isPerPartition() {
    lost.requestSettled(gone("a", at(7)), NOW);
    lost.requestSettled(gone("b", at(3)), NOW);
    lost.requestSettled(gone("c", new Position("requests", 1, 1)), NOW);
    lost.requestSettled(gone("d", new Position("other", 0, 2)), NOW);
    assertThat(lost.earliestOffset("requests", 0)).hasValue(3);
    lost.ended("b");
    assertThat(lost.earliestOffset("requests", 0)).hasValue(7);
  }
}
