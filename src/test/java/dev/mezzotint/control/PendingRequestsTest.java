package dev.mezzotint.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.longs;

import dev.mezzotint.control.PendingJobs.PendingRequest;
import dev.mezzotint.control.PendingRequests.Position;
import dev.mezzotint.control.PendingRequests.Settled;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PendingRequestsTest {
  private static final long CONTENTS = 7;
  private static final long OTHER = 8;
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  private static final Instant AFTER_GRACE = NOW.plus(PendingRequests.GRACE);

  private final PendingRequests waiting = new PendingRequests(1_000);

  private static PendingRequest waits(String id, Optional<Instant> deadline) {
    return new PendingRequest(id, CONTENTS, deadline);
  }

  private static Settled gone(String id, Position place) {
    return new Settled(id, CONTENTS, place);
  }

  private static Position at(long offset) {
    return new Position("requests", 0, offset);
  }

  @Test
  void due_returnsADeadlineOnce_afterTheGrace() {
    waiting.add(waits("a", Optional.of(NOW)), at(7));
    assertThat(waiting.due(NOW)).isEmpty();
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(7)));
    assertThat(waiting.due(AFTER_GRACE.plusSeconds(9))).isEmpty();
    assertThat(waiting.size()).isEqualTo(1);
  }

  @Test
  void cancelRequested_ofAnUnknownJob_doesNothing() {
    waiting.add(waits("a", Optional.empty()), at(1));
    waiting.cancelRequested("a", NOW);
    waiting.cancelRequested("unknown", NOW);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(1)));
  }

  @Test
  void removeSettled_removesRequests() {
    waiting.add(waits("a", Optional.of(NOW)), at(1));
    waiting.add(waits("b", Optional.of(NOW)), at(2));
    waiting.removeSettled("requests", 0, 2);
    waiting.removeSettled("requests", 1, 99);
    waiting.removeSettled("elsewhere", 0, 99);
    assertThat(waiting.size()).isEqualTo(1);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("b", at(2)));
  }

  @Test
  void add_ofACopy_replacesThePosition() {
    waiting.add(waits("a", Optional.of(NOW)), at(1));
    waiting.add(waits("a", Optional.of(NOW)), at(9));
    waiting.removeSettled("requests", 0, 9);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(9)));
  }

  @Test
  void ended_countsCopiesOfEndedJobs_untilTheyAreSettled() {
    waiting.add(waits("a", Optional.of(NOW)), at(1));
    waiting.add(waits("b", Optional.empty()), at(2));
    waiting.jobEnded("unknown");
    assertThat(waiting.ended()).isEmpty();
    waiting.jobEnded("a");
    waiting.jobEnded("a");
    assertThat(waiting.ended()).containsExactly(Map.entry("requests", 1L));
    waiting.add(waits("a", Optional.of(NOW)), at(3));
    waiting.add(waits("a", Optional.of(NOW)), at(3)); // read again
    assertThat(waiting.ended()).containsExactly(Map.entry("requests", 2L));
    waiting.removeSettled("requests", 0, 3);
    assertThat(waiting.ended()).containsExactly(Map.entry("requests", 1L));
    waiting.removeSettled("requests", 0, 4);
    assertThat(waiting.ended()).containsExactly(Map.entry("requests", 0L));
    assertThat(waiting.size()).isZero();
  }

  @Test
  void removeSettled_returnsARequestWithItsLastCopy() {
    Position elsewhere = new Position("requests", 1, 3);
    waiting.add(waits("a", Optional.empty()), at(1));
    waiting.add(waits("a", Optional.empty()), elsewhere);
    waiting.add(waits("b", Optional.empty()), at(2));
    assertThat(waiting.removeSettled("requests", 1, 4)).as("a is in the other partition").isEmpty();
    assertThat(waiting.removeSettled("requests", 0, 2)).containsExactly(gone("a", elsewhere));
    assertThat(waiting.removeSettled("requests", 0, 3)).containsExactly(gone("b", at(2)));
    assertThat(waiting.removeSettled("requests", 0, 3)).isEmpty();
  }

  /** It will be turned away, and must not take the first one's deadline or place with it. */
  @Test
  void add_ofADifferentRequestWithTheId_changesNothing() {
    waiting.add(waits("a", Optional.empty()), at(1));
    assertThat(waiting.add(new PendingRequest("a", OTHER, Optional.of(NOW)), at(2))).isFalse();
    assertThat(waiting.due(AFTER_GRACE)).isEmpty();
    waiting.cancelRequested("a", NOW);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(1)));
    assertThat(waiting.removeSettled("requests", 0, 2)).containsExactly(gone("a", at(1)));
    assertThat(waiting.removeSettled("requests", 0, 3)).isEmpty();
    assertThat(waiting.add(new PendingRequest("a", OTHER, Optional.of(NOW)), at(3))).isTrue();
  }

  @Test
  void add_ofTheSameRecordTwice_countsOnce() {
    waiting.add(waits("a", Optional.empty()), at(1));
    waiting.add(waits("a", Optional.empty()), at(1));
    assertThat(waiting.removeSettled("requests", 0, 2)).containsExactly(gone("a", at(1)));
  }

  @Test
  void add_beyondTheCapacity_isFalse() {
    PendingRequests small = new PendingRequests(2);
    assertThat(small.add(waits("a", Optional.empty()), at(1))).isTrue();
    assertThat(small.add(waits("b", Optional.empty()), at(2))).isTrue();
    assertThat(small.add(waits("c", Optional.of(NOW)), at(3))).isFalse();
    assertThat(small.add(waits("a", Optional.empty()), at(4))).isTrue();
    small.removeSettled("requests", 0, 3);
    assertThat(small.size()).isEqualTo(1);
    assertThat(small.add(waits("c", Optional.of(NOW)), at(5))).isTrue();
  }

  /** Against the plainest model of it: a map that is searched. */
  @Test
  void randomOperations_agreeWithASimpleModel() {
    qt().withExamples(500)
        .forAll(longs().all())
        .checkAssert(
            seed -> {
              Random random = new Random(seed);
              PendingRequests tested = new PendingRequests(1_000);
              Map<String, Position> model = new HashMap<>();
              Map<String, Instant> late = new HashMap<>();
              long offset = 0;
              long settled = 0;
              Instant now = NOW;
              for (int i = 0; i < 60; i++) {
                String id = "job" + random.nextInt(8);
                switch (random.nextInt(4)) {
                  case 0 -> {
                    boolean dated = random.nextBoolean();
                    Instant deadline = now.plusMillis(random.nextInt(3_000));
                    tested.add(
                        waits(id, dated ? Optional.of(deadline) : Optional.empty()), at(offset));
                    model.put(id, at(offset));
                    late.remove(id);
                    if (dated) {
                      late.put(id, deadline.plus(PendingRequests.GRACE));
                    }
                    offset++;
                  }
                  case 1 -> {
                    tested.cancelRequested(id, now);
                    if (model.containsKey(id)) {
                      Instant at = now.plus(PendingRequests.GRACE);
                      late.merge(id, at, (a, b) -> a.isBefore(b) ? a : b);
                    }
                  }
                  case 2 -> {
                    settled = Math.min(offset, settled + random.nextInt(3));
                    long before = settled;
                    tested.removeSettled("requests", 0, before);
                    model.values().removeIf(place -> place.offset() < before);
                    late.keySet().retainAll(model.keySet());
                  }
                  default -> {
                    now = now.plusMillis(random.nextInt(1_500));
                    Instant until = now;
                    List<String> expected =
                        late.entrySet().stream()
                            .filter(e -> !e.getValue().isAfter(until))
                            .map(Map.Entry::getKey)
                            .toList();
                    assertThat(tested.due(now).stream().map(Map.Entry::getKey).toList())
                        .containsAll(expected)
                        .allMatch(model::containsKey);
                    late.keySet().removeAll(expected);
                  }
                }
                assertThat(tested.size()).isEqualTo(model.size());
              }
            });
  }
}
