package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.StoreFault.Pass;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Clocks that jump, requests that come twice or two hundred times, jobs longer than the lock. */
final class QueueFaults {
  private final Matrix matrix;

  QueueFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  /** Three hours ahead and two behind, in the middle of jobs; a deadline is a day away. */
  void clockJumps() throws Exception {
    Findings findings =
        matrix.row(
            "clock jumps by hours, ahead and back",
            60,
            batch -> {
              List<Crew.Member> workers = matrix.crew().atWork(2);
              String deadline =
                  ",\"deadline\":\"%s\"".formatted(Instant.now().plus(1, ChronoUnit.DAYS));
              batch.send(2, 4, 250, deadline);
              batch.send(matrix.size(2, 20), 4, 120);
              for (int hours : new int[] {3, -2, 5, 0}) {
                workers.get(0).jvm().send("clock " + hours * 3600);
                batch.struck();
                Matrix.sleep(matrix.size(500, 2000));
              }
            });
    assertThat(findings.completed()).isEqualTo(findings.sent());
  }

  /** Both hold a record of the same job, and write its record and its manifest at one time. */
  void twoWorkersRace() throws Exception {
    matrix.row(
        "two workers racing for the same id",
        60,
        batch -> {
          Map<String, CyclicBarrier> gates = new ConcurrentHashMap<>();
          for (Crew.Member member : matrix.crew().atWork(2)) {
            member.breaks(
                call -> {
                  if (batch.concerns(call)
                      && (call.puts("/job.json") || call.puts("/manifest.json"))) {
                    CyclicBarrier gate =
                        gates.computeIfAbsent(call.key(), key -> new CyclicBarrier(2));
                    if (meet(gate)) {
                      batch.struck();
                    }
                  }
                  return new Pass();
                });
          }
          // Who takes which copy is the broker's choice: one worker may get both, surely so where
          // they arrive together. So now together and now apart, and on until the two have met.
          int races = matrix.size(6, 30);
          for (int i = 0; i < races || (batch.strikes() == 0 && i < 10 * races); i++) {
            String id = batch.send(1, 2, 4).get(0);
            Matrix.sleep(i % 2 == 0 ? 0 : 200);
            matrix.site().send(List.of(Matrix.request(id, 2, 4, "")));
            matrix.log().awaitEnds(java.util.Set.of(id), Duration.ofSeconds(30));
          }
        });
  }

  /** True for those who came when others did; a gate opens for good after a while. */
  private static boolean meet(CyclicBarrier gate) {
    try {
      gate.await(1500, TimeUnit.MILLISECONDS);
      return true;
    } catch (BrokenBarrierException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The same request 200 times, and ten times another one under its id in between. */
  void duplicates() throws Exception {
    Findings findings =
        matrix.row(
            "200 duplicate submissions",
            90,
            batch -> {
              matrix.crew().atWork(2);
              String id = batch.send(1, 4, 20).get(0);
              List<String> requests =
                  new ArrayList<>(Collections.nCopies(199, Matrix.request(id, 4, 20, "")));
              for (int i = 0; i < 10; i++) {
                requests.add(20 * i + 7, Matrix.request(id, 3, 20, ""));
              }
              matrix.site().send(requests);
              requests.forEach(request -> batch.struck());
            });
    assertThat(findings.completed()).isEqualTo(1);
  }

  /** All lanes hold jobs much longer than the lock while others wait behind them. */
  void longJobs() throws Exception {
    int images = matrix.size(12, 40);
    int behind = matrix.size(10, 50);
    List<Matrix.Batch> sent = new ArrayList<>();
    Findings findings =
        matrix.row(
            "jobs much longer than the lock, " + behind + " behind them",
            matrix.size(200, 500),
            batch -> {
              sent.add(batch);
              matrix.crew().atWork(1);
              List<String> longs = batch.send(Matrix.LANES, images, 1000);
              long begin = System.nanoTime();
              batch.send(behind, 1, 2);
              matrix
                  .log()
                  .awaitEnds(
                      java.util.Set.copyOf(longs), Duration.ofSeconds(matrix.size(180, 450)));
              long seconds = (System.nanoTime() - begin) / 1_000_000_000;
              System.out.println("the long jobs took " + seconds + " s");
              assertThat(seconds)
                  .as("seconds that the long jobs took")
                  .isGreaterThan(matrix.size(3, 14) * Matrix.LOCK_SECONDS);
              batch.struck();
            });
    assertThat(findings.completed()).isEqualTo(Matrix.LANES + behind);
    assertThat(findings.extra()).as("locks lost").isZero();
  }
}
