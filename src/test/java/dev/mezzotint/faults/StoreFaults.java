package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.StoreFault.Answer;
import dev.mezzotint.faults.StoreFault.Cut;
import dev.mezzotint.faults.StoreFault.Hang;
import dev.mezzotint.faults.StoreFault.Pass;
import dev.mezzotint.faults.StoreFault.Reaction;
import dev.mezzotint.faults.StoreFault.Slow;
import dev.mezzotint.faults.StoreFault.Withhold;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/** A store that refuses, hangs, is slow, loses connections or has no room. */
final class StoreFaults {
  private final Matrix matrix;

  StoreFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  /** Each request is asked about with the number of its try, from 1; null lets it pass. */
  private void row(
      String fault, int limitSeconds, int jobs, boolean writesOnly, IntFunction<Reaction> breaks)
      throws Exception {
    matrix.row(
        fault,
        limitSeconds,
        batch -> {
          Map<String, Integer> tries = new ConcurrentHashMap<>();
          StoreFault how =
              call -> {
                boolean hit = batch.concerns(call) && (!writesOnly || call.method().equals("PUT"));
                Reaction reaction =
                    hit
                        ? breaks.apply(tries.merge(call.method() + call.key(), 1, Integer::sum))
                        : null;
                if (reaction == null) {
                  return new Pass();
                }
                batch.struck();
                return reaction;
              };
          matrix.crew().atWork(2).forEach(member -> member.breaks(how));
          batch.send(jobs, 3, 4);
          matrix.log().awaitEnds(batch.ids(), Duration.ofSeconds(limitSeconds));
        });
  }

  void refuses() throws Exception {
    row(
        "storage returning 500s",
        60,
        matrix.size(6, 30),
        /* writesOnly= */ false,
        n -> n == 1 ? new Answer(500) : n <= matrix.size(2, 4) ? new Answer(503) : null);
  }

  void hangs() throws Exception {
    int seconds = matrix.size(5, 30); // the worker waits no longer than 20 s by itself
    row(
        "storage hanging for " + seconds + " s",
        150,
        matrix.size(3, 8),
        /* writesOnly= */ true,
        n -> n == 1 ? new Hang(Duration.ofSeconds(seconds)) : null);
  }

  void cutsUploads() throws Exception {
    row(
        "storage losing the connection in mid-upload",
        60,
        matrix.size(6, 30),
        /* writesOnly= */ true,
        n -> n <= matrix.size(1, 3) ? new Cut() : null);
  }

  void losesAnswers() throws Exception {
    row(
        "storage losing the answer to a write",
        60,
        matrix.size(6, 30),
        /* writesOnly= */ true,
        n -> n == 1 ? new Withhold(() -> {}) : null);
  }

  void isSlow() throws Exception {
    int millis = 1000 * Matrix.LOCK_SECONDS + 1000;
    row(
        "slow storage: " + millis + " ms a write, lock " + Matrix.LOCK_SECONDS + " s",
        120,
        matrix.size(3, 8),
        /* writesOnly= */ true,
        n -> n <= 1 ? new Slow(Duration.ofMillis(millis)) : null);
  }

  /** No file may be larger than 1 KiB: small objects fit, grids and longer manifests do not. */
  void hasNoRoom() throws Exception {
    matrix.row(
        "store out of space",
        60,
        batch -> {
          matrix.crew().atWork(2);
          matrix.site().restartStore(1);
          batch.send(matrix.size(4, 12), 12, 4, ",\"output\":{\"grid\":true}");
          assertThat(
                  Matrix.await(
                      Duration.ofSeconds(30),
                      () ->
                          matrix.site().calls().all().stream()
                              .anyMatch(call -> batch.concerns(call) && call.status() >= 500)))
              .as("the store was out of space")
              .isTrue();
          batch.struck();
          Matrix.sleep(1000L * matrix.size(3, 20));
          matrix.site().restartStore(0);
        });
  }
}
