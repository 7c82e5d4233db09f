package dev.mezzotint.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.faults.Crew.Member;
import dev.mezzotint.faults.Matrix.Batch;
import dev.mezzotint.faults.StoreFault.Pass;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.storage.Keys;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Workers that die, are sent away, or are stopped and go on. */
final class WorkerFaults {
  private final Matrix matrix;

  WorkerFaults(Matrix matrix) {
    this.matrix = matrix;
  }

  /** Two workers at work; one of them dies at the given place, and a new one comes. */
  void killed(String where, Traps.Trap trap, int images, int steps) throws Exception {
    matrix.row(
        "kill -9 " + where,
        60,
        batch -> {
          for (int kill = 0; kill < matrix.size(1, 5); kill++) {
            var workers = matrix.crew().atWork(2);
            AtomicReference<Member> victim = new AtomicReference<>();
            for (Member member : workers) {
              trap.arm(
                  member,
                  batch,
                  () -> {
                    if (victim.compareAndSet(null, member)) {
                      member.jvm().kill();
                      batch.struck();
                    }
                  });
            }
            matrix.crew().prepare(1);
            batch.send(matrix.size(4, 10), images, steps);
            assertThat(Matrix.await(Duration.ofSeconds(40), () -> dead(victim.get())))
                .as("a worker came to where it was to die")
                .isTrue();
            workers.forEach(
                member -> {
                  member.breaks(StoreFault.NONE);
                  member.breaks(BrokerTap.Fault.NONE);
                });
          }
          matrix.crew().atWork(1);
        });
  }

  private static boolean dead(Member member) {
    return member != null && !member.jvm().alive();
  }

  /** Sent away in the middle of its jobs, which another worker finishes. */
  void terminated() throws Exception {
    matrix.row(
        "SIGTERM",
        60,
        batch -> {
          for (int round = 0; round < matrix.size(1, 5); round++) {
            matrix.crew().atWork(2);
            matrix.crew().prepare(1);
            List<String> ids = batch.send(matrix.size(3, 6), 4, 400);
            Member member = matrix.crew().named(starter(ids.get(0)));
            Matrix.sleep(300);
            assertThat(member.jvm().terminate(25)).as("ended within 25 s").isTrue();
            batch.struck();
          }
        });
  }

  /** The worker that has begun this job. */
  private String starter(String id) {
    return matrix
        .log()
        .await(Duration.ofSeconds(40), event -> event.type().equals("started") && is(event, id))
        .orElseThrow(() -> new AssertionError(id + " was not started"))
        .worker();
  }

  private static boolean is(Evidence.Event event, String id) {
    return event.jobId().equals(id);
  }

  /** Stopped for longer than the lock, woken while another worker is at the same job. */
  void zombie() throws Exception {
    matrix.row(
        "SIGSTOP past the lock, then SIGCONT",
        90,
        batch -> {
          for (int round = 0; round < matrix.size(1, 5); round++) {
            matrix.crew().atWork(2);
            String id = batch.send(1, 8, 600).get(0);
            Member zombie = matrix.crew().named(starter(id));
            Matrix.sleep(700); // it publishes progress by now
            zombie.jvm().signal("STOP");
            matrix
                .log()
                .await(
                    Duration.ofSeconds(Matrix.LOCK_SECONDS + 10),
                    event ->
                        event.type().equals("started")
                            && is(event, id)
                            && !event.worker().equals(zombie.name()))
                .orElseThrow(() -> new AssertionError("no worker took over " + id));
            Matrix.sleep(1000);
            assertThat(matrix.log().ended(Set.of(id))).as("the successor is at work").isFalse();
            batch.fence(zombie.name(), Set.of(id));
            zombie.jvm().signal("CONT");
            batch.struck();
            matrix.log().awaitEnds(Set.of(id), Duration.ofSeconds(60));
            assertThat(zombie.jvm().alive()).isTrue();
          }
        });
  }

  /**
   * A worker alone, which dies as soon as all jobs have come to this place; then the next one.
   *
   * @return how many died before the jobs had ended
   */
  private int dieInARow(Batch batch, int times, int jobs, DeathTrap trap) {
    for (int kill = 1; kill <= times; kill++) {
      Set<String> arrived = ConcurrentHashMap.newKeySet();
      CountDownLatch there = new CountDownLatch(1);
      Consumer<String> arrive =
          id -> {
            arrived.add(id);
            if (arrived.size() >= jobs) {
              there.countDown();
            }
          };
      matrix.crew().prepare(2);
      Member now =
          matrix.crew().begin(trap.store(batch, arrive), trap.broker(batch, arrive), lanes(jobs));
      long end = System.nanoTime() + 30_000_000_000L;
      while (there.getCount() > 0 && !matrix.log().ended(batch.ids())) {
        assertThat(System.nanoTime()).as("delivery %d within 30 s", kill).isLessThan(end);
        Matrix.sleep(20);
      }
      if (there.getCount() > 0) {
        return kill - 1;
      }
      now.jvm().kill();
      batch.struck();
    }
    return times;
  }

  private static String lanes(int jobs) {
    return "mezzotint.lanes=" + jobs;
  }

  /** Says which jobs have come to where their worker is to die, and holds them there. */
  interface DeathTrap {
    default StoreFault store(Batch batch, Consumer<String> arrive) {
      return StoreFault.NONE;
    }

    default BrokerTap.Fault broker(Batch batch, Consumer<String> arrive) {
      return BrokerTap.Fault.NONE;
    }
  }

  /** No attempt is ever entered, so nothing counts against the jobs: they are completed. */
  void killedTwelveTimesBeforeStart() throws Exception {
    int jobs = matrix.size(2, 8);
    Findings findings =
        matrix.row(
            "killed at each of 12 deliveries in a row, before start",
            60,
            batch -> {
              matrix.crew().dismiss();
              batch.send(jobs, 2, 4);
              DeathTrap trap =
                  new DeathTrap() {
                    @Override
                    public StoreFault store(Batch b, Consumer<String> arrive) {
                      return call -> {
                        if (!b.concerns(call)) {
                          return new Pass();
                        }
                        arrive.accept(call.key().split("/")[1]);
                        return new StoreFault.Hang(Duration.ofSeconds(30));
                      };
                    }
                  };
              assertThat(dieInARow(batch, 12, jobs, trap)).isEqualTo(12);
              matrix.crew().atWork(1);
            });
    assertThat(findings.completed()).isEqualTo(jobs);
  }

  /** Every attempt is entered and dies: the jobs are given up, with a dead letter. */
  void killedTwelveTimesMidStep() throws Exception {
    int jobs = matrix.size(2, 8);
    Findings findings =
        matrix.row(
            "killed at each of 12 deliveries in a row, mid-step",
            60,
            batch -> {
              matrix.crew().dismiss();
              batch.send(jobs, 16, 1000);
              DeathTrap trap =
                  new DeathTrap() {
                    @Override
                    public BrokerTap.Fault broker(Batch b, Consumer<String> arrive) {
                      return progress(b, arrive);
                    }
                  };
              int died = dieInARow(batch, 12, jobs, trap);
              assertThat(died).as("attempts until a job is given up").isBetween(5, 12);
              matrix.crew().atWork(1);
            });
    assertThat(findings.otherEnds()).isEqualTo(jobs);
  }

  /**
   * All connections of the only worker die within milliseconds, one after the other. The record in
   * its hands goes from each to the next, until its deliveries are used up and the broker drops it.
   */
  void killedAloneWithIdleLanes() throws Exception {
    matrix.row(
        "kill -9 of the only worker, most of its lanes idle",
        90,
        batch -> {
          for (int kill = 0; kill < matrix.size(1, 5); kill++) {
            matrix.crew().dismiss();
            matrix.crew().prepare(2);
            Member only = matrix.crew().begin(lanes(16));
            CountDownLatch there = new CountDownLatch(1);
            only.breaks(progress(batch, id -> there.countDown()));
            batch.send(matrix.size(2, 4), 8, 300);
            assertThat(there.await(40, TimeUnit.SECONDS)).isTrue();
            only.jvm().kill();
            batch.struck();
            matrix.crew().atWork(1);
            matrix.log().awaitEnds(batch.ids(), Duration.ofSeconds(80));
          }
        });
  }

  /**
   * The broker drops a record after its last delivery, so a worker copies it before that: and dies
   * before the copy is published.
   */
  void killedWhileItCopies() throws Exception {
    matrix.row(
        "killed while it copies a request before its last delivery",
        60,
        batch -> {
          matrix.crew().dismiss();
          batch.send(1, 2, 4);
          for (int delivery = 1; batch.strikes() == 0 && delivery <= 6; delivery++) {
            CountDownLatch there = new CountDownLatch(1);
            matrix.crew().prepare(2);
            Member member =
                matrix
                    .crew()
                    .begin(
                        call -> {
                          if (!batch.concerns(call)) {
                            return new Pass();
                          }
                          there.countDown();
                          return new StoreFault.Hang(Duration.ofSeconds(30));
                        },
                        Traps.onRequest(
                            batch,
                            "\"steps\":", // no event has them
                            () -> {
                              batch.struck();
                              there.countDown();
                            }),
                        lanes(1));
            assertThat(there.await(30, TimeUnit.SECONDS)).as("delivery %d", delivery).isTrue();
            member.jvm().kill();
          }
          matrix.crew().atWork(1);
        });
  }

  private static BrokerTap.Fault progress(Batch batch, Consumer<String> arrive) {
    return new BrokerTap.Fault() {
      @Override
      public boolean passes(BrokerTap.Request request) {
        if (Traps.produces(request, batch, "/progressed/")) {
          batch.ids().stream().filter(id -> request.holds(id)).forEach(arrive);
        }
        return true;
      }
    };
  }

  /** Every worker releases everything, which does not count as a failure. */
  void handedBackTwelveTimes() throws Exception {
    int jobs = matrix.size(2, 8);
    Matrix.Batch[] sent = new Matrix.Batch[1];
    Findings findings =
        matrix.row(
            "12 SIGTERM hand-backs in a row",
            90,
            batch -> {
              sent[0] = batch;
              matrix.crew().dismiss();
              batch.send(jobs, 8, 400);
              for (int i = 0; i < 12; i++) {
                matrix.crew().prepare(2);
                Member member = matrix.crew().begin(lanes(jobs));
                for (String id : batch.ids()) {
                  matrix
                      .log()
                      .await(
                          Duration.ofSeconds(40),
                          event -> is(event, id) && event.worker().equals(member.name()))
                      .orElseThrow(
                          () ->
                              new AssertionError(
                                  member.name()
                                      + " did not get "
                                      + id
                                      + matrix.evidence(batch).story()));
                }
                assertThat(member.jvm().terminate(25)).as("ended within 25 s").isTrue();
                batch.struck();
              }
              matrix.crew().atWork(1);
            });
    assertThat(findings.completed()).isEqualTo(jobs);
    assertThat(findings.extra()).isEqualTo(12 * jobs);
    Evidence evidence = matrix.evidence(sent[0]);
    for (String id : evidence.sent().keySet()) {
      JsonObject job = JsonObject.parse(evidence.objects().get(Keys.jobRecord(id)));
      assertThat(job.integer("failedAttempts", 0, 99, -1)).as("failed attempts of " + id).isZero();
    }
  }
}
