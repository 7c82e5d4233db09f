package dev.mezzotint.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.quicktheories.QuickTheory.qt;
import static org.quicktheories.generators.SourceDSL.longs;

import dev.mezzotint.control.PendingJobs.Waiting;
import dev.mezzotint.control.PendingRequests.Gone;
import dev.mezzotint.control.PendingRequests.Place;
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

  private static Waiting waits(String id, Optional<Instant> deadline) {
    return new Waiting(id, CONTENTS, deadline);
  }

  private static Gone gone(String id, Place place) {
    return new Gone(id, CONTENTS, place);
  }

  private static Place at(long offset) {
    return new Place("requests", 0, offset);
  }

  @Test
  void deadlineComesDueOnceAfterTheGrace() {
    waiting.seen(waits("a", Optional.of(NOW)), at(7));
    assertThat(waiting.due(NOW)).isEmpty();
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(7)));
    assertThat(waiting.due(AFTER_GRACE.plusSeconds(9))).isEmpty();
    assertThat(waiting.size()).isEqualTo(1);
  }

  @Test
  void onlyWhatWaitsIsCalledOff() {
    waiting.seen(waits("a", Optional.empty()), at(1));
    waiting.calledOff("a", NOW);
    waiting.calledOff("unknown", NOW);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(1)));
  }

  @Test
  void settledRequestsAreForgotten() {
    waiting.seen(waits("a", Optional.of(NOW)), at(1));
    waiting.seen(waits("b", Optional.of(NOW)), at(2));
    waiting.settled("requests", 0, 2);
    waiting.settled("requests", 1, 99);
    waiting.settled("elsewhere", 0, 99);
    assertThat(waiting.size()).isEqualTo(1);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("b", at(2)));
  }

  @Test
  void copyTakesThePlaceOfWhatItCopies() {
    waiting.seen(waits("a", Optional.of(NOW)), at(1));
    waiting.seen(waits("a", Optional.of(NOW)), at(9));
    waiting.settled("requests", 0, 9);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(9)));
  }

  @Test
  void aRequestIsGoneWithTheLastOfItsCopies() {
    Place elsewhere = new Place("requests", 1, 3);
    waiting.seen(waits("a", Optional.empty()), at(1));
    waiting.seen(waits("a", Optional.empty()), elsewhere);
    waiting.seen(waits("b", Optional.empty()), at(2));
    assertThat(waiting.settled("requests", 1, 4)).as("a stands in the other partition").isEmpty();
    assertThat(waiting.settled("requests", 0, 2)).containsExactly(gone("a", elsewhere));
    assertThat(waiting.settled("requests", 0, 3)).containsExactly(gone("b", at(2)));
    assertThat(waiting.settled("requests", 0, 3)).isEmpty();
  }

  /** It will be turned away, and must not take the first one's deadline or place with it. */
  @Test
  void anotherRequestUnderTheIdOfOneThatWaitsChangesNothing() {
    waiting.seen(waits("a", Optional.empty()), at(1));
    assertThat(waiting.seen(new Waiting("a", OTHER, Optional.of(NOW)), at(2))).isFalse();
    assertThat(waiting.due(AFTER_GRACE)).isEmpty();
    waiting.calledOff("a", NOW);
    assertThat(waiting.due(AFTER_GRACE)).containsExactly(Map.entry("a", at(1)));
    assertThat(waiting.settled("requests", 0, 2)).containsExactly(gone("a", at(1)));
    assertThat(waiting.settled("requests", 0, 3)).isEmpty();
    assertThat(waiting.seen(new Waiting("a", OTHER, Optional.of(NOW)), at(3))).isTrue();
  }

  @Test
  void theSameRecordReadTwiceIsOneCopy() {
    waiting.seen(waits("a", Optional.empty()), at(1));
    waiting.seen(waits("a", Optional.empty()), at(1));
    assertThat(waiting.settled("requests", 0, 2)).containsExactly(gone("a", at(1)));
  }

  @Test
  void beyondItsCapacityNothingNewIsRemembered() {
    PendingRequests small = new PendingRequests(2);
    assertThat(small.seen(waits("a", Optional.empty()), at(1))).isTrue();
    assertThat(small.seen(waits("b", Optional.empty()), at(2))).isTrue();
    assertThat(small.seen(waits("c", Optional.of(NOW)), at(3))).isFalse();
    assertThat(small.seen(waits("a", Optional.empty()), at(4))).isTrue();
    small.settled("requests", 0, 3);
    assertThat(small.size()).isEqualTo(1);
    assertThat(small.seen(waits("c", Optional.of(NOW)), at(5))).isTrue();
  }

  /** Against the plainest model of it: a map that is searched. */
  @Test
  void agreesWithAPlainMapWhateverHappens() {
    qt().withExamples(500)
        .forAll(longs().all())
        .checkAssert(
            seed -> {
              Random random = new Random(seed);
              PendingRequests tested = new PendingRequests(1_000);
              Map<String, Place> model = new HashMap<>();
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
                    tested.seen(
                        waits(id, dated ? Optional.of(deadline) : Optional.empty()), at(offset));
                    model.put(id, at(offset));
                    late.remove(id);
                    if (dated) {
                      late.put(id, deadline.plus(PendingRequests.GRACE));
                    }
                    offset++;
                  }
                  case 1 -> {
                    tested.calledOff(id, now);
                    if (model.containsKey(id)) {
                      Instant at = now.plus(PendingRequests.GRACE);
                      late.merge(id, at, (a, b) -> a.isBefore(b) ? a : b);
                    }
                  }
                  case 2 -> {
                    settled = Math.min(offset, settled + random.nextInt(3));
                    long before = settled;
                    tested.settled("requests", 0, before);
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
