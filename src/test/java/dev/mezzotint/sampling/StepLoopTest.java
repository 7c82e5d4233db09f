package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.Solver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StepLoopTest {
  private static final ModelInfo MODEL = FakeModelLoader.model("plain");

  private final FakeModelLoader shelf = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  private void assertEveryRowPassedEveryStageOnce(List<SamplingJob> all) {
    List<Float> passed = shelf.passes.stream().flatMap(List::stream).toList();
    for (SamplingJob job : all) {
      for (int row = 0; row < job.rows().size(); row++) {
        assertThat(Collections.frequency(passed, FakeModelJobs.start(job, row)[0]))
            .isEqualTo(job.stages().size());
      }
    }
  }

  @Test
  void anyMixOfJobsEndsAsIfEachRowHadBeenAlone() throws InterruptedException {
    for (int load = 0; load < 400; load++) {
      Random random = new Random(load);
      shelf.passes.clear();
      List<SamplingJob> all = new ArrayList<>();
      List<RecordingRowListener> heard = new ArrayList<>();
      List<Integer> labels = new ArrayList<>();
      int slots = 1 + random.nextInt(9);
      try (StepLoop loop =
          new StepLoop(shelf, FakeModelLoader.settings(slots, 1 + random.nextInt(2)))) {
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
          int kind = random.nextInt(3);
          int label = kind == 2 ? random.nextInt(5) : 0;
          Solver solver = Solver.values()[random.nextInt(Solver.values().length)];
          all.add(
              jobs.job(
                  kind == 2
                      ? FakeModelLoader.conditioned("conditioned")
                      : FakeModelLoader.model("plain" + kind),
                  1 + random.nextInt(7),
                  solver,
                  1 + random.nextInt(5),
                  kind == 2 ? OptionalInt.of(label) : OptionalInt.empty(),
                  label * 0.25f));
          labels.add(label);
          heard.add(new RecordingRowListener(all.get(i).rows().size()));
          loop.submit(all.get(i), heard.get(i));
          for (long turn = loop.passes(), wait = random.nextInt(4); wait > 0; wait--) {
            if (loop.passes() == turn) {
              Thread.onSpinWait();
            }
          }
        }
        for (int i = 0; i < count; i++) {
          FakeModelJobs.assertAsAlone(
              all.get(i), heard.get(i).await(), labels.get(i), labels.get(i) * 0.25f);
        }
      }
      assertEveryRowPassedEveryStageOnce(all);
      assertThat(shelf.passSizes).allMatch(size -> size <= 9);
      assertThat(shelf.misuse).as("load %d", load).isEmpty();
    }
  }

  @Test
  void passesComeInPowersOfTwoUpToAllSlots() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(6, 1))) {
      for (int rows = 1; rows <= 6; rows++) {
        RecordingRowListener heard = new RecordingRowListener(rows);
        loop.submit(jobs.job(MODEL, rows, Solver.EULER, 1), heard);
        heard.await();
      }
    }
    assertThat(shelf.passSizes).containsExactly(1, 2, 4, 4, 6, 6);
  }

  @Test
  void cancelledRowsLeaveAtTheNextTurn() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(4, 1))) {
      SamplingJob going = jobs.job(MODEL, 1, Solver.EULER, 20);
      SamplingJob stopped = jobs.job(MODEL, 2, Solver.EULER, 20);
      RecordingRowListener heard = new RecordingRowListener(1);
      loop.submit(going, heard);
      Sampler.Running running = loop.submit(stopped, new RecordingRowListener(2));
      shelf.steps.release(5);
      awaitPasses(5);
      running.cancel();
      shelf.steps.release(100);
      heard.await();
      FakeModelJobs.assertAsAlone(going, heard, 0, 0);
      // The pass in hand may still have had them; none after it did.
      for (List<Float> pass : shelf.passes.subList(6, shelf.passes.size())) {
        assertThat(pass).containsExactly(FakeModelJobs.start(going, 0)[0]);
      }
      assertThat(shelf.passes.get(4)).hasSize(3);
      // Their slots are free again.
      RecordingRowListener next = new RecordingRowListener(4);
      loop.submit(jobs.job(MODEL, 4, Solver.EULER, 1), next);
      assertThat(next.await().pictures).hasSize(4);
    }
    assertThat(shelf.misuse).allMatch(m -> m.contains("filled while in use")); // by cancelled rows
  }

  private void awaitPasses(int count) throws InterruptedException {
    while (shelf.passes.size() < count) {
      Thread.sleep(1);
    }
  }

  @Test
  void aJobCancelledBeforeItEnteredLoadsNothing() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(1, 2))) {
      RecordingRowListener first = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), first);
      while (shelf.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      loop.submit(
              jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 1),
              new RecordingRowListener(1))
          .cancel();
      shelf.steps.release(10);
      first.await();
    }
    assertThat(shelf.loads).containsExactly("plain");
  }

  @Test
  void aSmallJobIsNotHeldUpByALargeOne() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener large = new RecordingRowListener(400);
      loop.submit(jobs.job(MODEL, 400, Solver.EULER, 8), large);
      shelf.steps.release(3);
      awaitPasses(3);
      RecordingRowListener small = new RecordingRowListener(2);
      SamplingJob late = jobs.job(MODEL, 2, Solver.EULER, 8);
      loop.submit(late, small);
      shelf.steps.release(1_000_000);
      small.await();
      float last = FakeModelJobs.start(late, 1)[0];
      int turn = 0;
      for (int i = 0; i < shelf.passes.size(); i++) {
        turn = shelf.passes.get(i).contains(last) ? i + 1 : turn;
      }
      // Eight turns until slots are free, eight of its own: of 800 that the large job needs.
      assertThat(turn).isLessThanOrEqualTo(17);
      large.await();
    }
  }

  @Test
  void jobsThatWaitTakeTurnsAtFreeSlots() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), new RecordingRowListener(2));
      shelf.steps.release(1);
      awaitPasses(1); // both slots are taken
      SamplingJob early = jobs.job(MODEL, 4, Solver.EULER, 1);
      RecordingRowListener small = new RecordingRowListener(4);
      loop.submit(early, small);
      RecordingRowListener large = new RecordingRowListener(200);
      loop.submit(jobs.job(MODEL, 200, Solver.EULER, 1), large);
      shelf.steps.release(1_000_000);
      small.await();
      large.await();
      int last = 0;
      for (int i = 0; i < shelf.passes.size(); i++) {
        last = shelf.passes.get(i).contains(FakeModelJobs.start(early, 3)[0]) ? i : last;
      }
      assertThat(last).isLessThanOrEqualTo(3 + 4);
    }
  }

  @Test
  void rowsThatStillWaitNeverEnterOnceTheirJobIsCancelled() throws InterruptedException {
    shelf.steps.drainPermits();
    SamplingJob stopped = jobs.job(MODEL, 6, Solver.EULER, 3);
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      Sampler.Running running = loop.submit(stopped, new RecordingRowListener(6));
      shelf.steps.release(1);
      awaitPasses(1);
      running.cancel();
      RecordingRowListener heard = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), heard);
      shelf.steps.release(1_000);
      heard.await();
    }
    List<Float> passed = shelf.passes.stream().flatMap(List::stream).toList();
    for (int row = 2; row < 6; row++) {
      assertThat(passed).doesNotContain(FakeModelJobs.start(stopped, row)[0]);
    }
  }

  @Test
  void groupsTakeTurns() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop =
        new StepLoop(
            shelf,
            FakeModelLoader.settings(2, 2).withClock(() -> shelf.passes.size() * 1_000_000L))) {
      SamplingJob one = jobs.job(FakeModelLoader.model("one"), 1, Solver.EULER, 10);
      SamplingJob two = jobs.job(FakeModelLoader.model("two"), 1, Solver.EULER, 10);
      RecordingRowListener first = new RecordingRowListener(1);
      RecordingRowListener second = new RecordingRowListener(1);
      loop.submit(one, first);
      loop.submit(two, second);
      while (shelf.probes.get() < 2) { // until both models are there
        if (shelf.steps.hasQueuedThreads()) {
          shelf.steps.release(); // the loop was faster than the second job
        }
        Thread.sleep(1);
      }
      shelf.steps.release(1000);
      first.await();
      second.await();
      float start = FakeModelJobs.start(two, 0)[0];
      int both = 0;
      while (!shelf.passes.get(both).contains(start)) {
        both++;
      }
      assertThat(both).as("passes of the first alone").isLessThan(8);
      for (int i = both; i < 20 - both - 2; i++) {
        assertThat(shelf.passes.get(i)).isNotEqualTo(shelf.passes.get(i + 1));
      }
    }
  }

  @Test
  void idleModelsMakeRoomInTheOrderOfTheirLastUse() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 2))) {
      for (String name : new String[] {"a", "b", "a", "c", "a", "b"}) {
        RecordingRowListener heard = new RecordingRowListener(1);
        loop.submit(jobs.job(FakeModelLoader.model(name), 1, Solver.EULER, 1), heard);
        heard.await();
      }
      assertThat(shelf.loads).containsExactly("a", "b", "c", "b");
      assertThat(shelf.closed).containsExactly("b", "c");
    }
    assertThat(shelf.closed).containsExactlyInAnyOrder("b", "c", "a", "b");
  }

  @Test
  void submittingToAnIdleLoopNeverLeavesItAsleep() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      for (int i = 0; i < 1_000; i++) {
        RecordingRowListener heard = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), heard);
        assertThat(heard.await().pictures).hasSize(1);
      }
    }
  }
}
