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

  private final FakeModelLoader loader = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  private void assertEveryRowPassedEveryStageOnce(List<SamplingJob> all) {
    List<Float> passed = loader.passes.stream().flatMap(List::stream).toList();
    for (SamplingJob job : all) {
      for (int row = 0; row < job.rows().size(); row++) {
        assertThat(Collections.frequency(passed, FakeModelJobs.start(job, row)[0]))
            .isEqualTo(job.stages().size());
      }
    }
  }

  @Test
  void mixedJobs_giveTheSameResultsAsEachRowAlone() throws InterruptedException {
    for (int load = 0; load < 400; load++) {
      Random random = new Random(load);
      loader.passes.clear();
      List<SamplingJob> all = new ArrayList<>();
      List<RecordingRowListener> listener = new ArrayList<>();
      List<Integer> labels = new ArrayList<>();
      int slots = 1 + random.nextInt(9);
      try (StepLoop loop =
          new StepLoop(loader, FakeModelLoader.settings(slots, 1 + random.nextInt(2)))) {
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
          listener.add(new RecordingRowListener(all.get(i).rows().size()));
          loop.submit(all.get(i), listener.get(i));
          for (long turn = loop.passes(), wait = random.nextInt(4); wait > 0; wait--) {
            if (loop.passes() == turn) {
              Thread.onSpinWait();
            }
          }
        }
        for (int i = 0; i < count; i++) {
          FakeModelJobs.assertAsAlone(
              all.get(i), listener.get(i).await(), labels.get(i), labels.get(i) * 0.25f);
        }
      }
      assertEveryRowPassedEveryStageOnce(all);
      assertThat(loader.passSizes).allMatch(size -> size <= 9);
      assertThat(loader.misuse).as("load %d", load).isEmpty();
    }
  }

  @Test
  void passSizes_arePowersOfTwoUpToAllSlots() throws InterruptedException {
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(6, 1))) {
      for (int rows = 1; rows <= 6; rows++) {
        RecordingRowListener listener = new RecordingRowListener(rows);
        loop.submit(jobs.job(MODEL, rows, Solver.EULER, 1), listener);
        listener.await();
      }
    }
    assertThat(loader.passSizes).containsExactly(1, 2, 4, 4, 6, 6);
  }

  @Test
  void cancel_removesRowsAtTheNextPass() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(4, 1))) {
      SamplingJob going = jobs.job(MODEL, 1, Solver.EULER, 20);
      SamplingJob stopped = jobs.job(MODEL, 2, Solver.EULER, 20);
      RecordingRowListener listener = new RecordingRowListener(1);
      loop.submit(going, listener);
      Sampler.Running running = loop.submit(stopped, new RecordingRowListener(2));
      loader.steps.release(5);
      awaitPasses(5);
      running.cancel();
      loader.steps.release(100);
      listener.await();
      FakeModelJobs.assertAsAlone(going, listener, 0, 0);
      // The current pass may still contain them, but none after it.
      for (List<Float> pass : loader.passes.subList(6, loader.passes.size())) {
        assertThat(pass).containsExactly(FakeModelJobs.start(going, 0)[0]);
      }
      assertThat(loader.passes.get(4)).hasSize(3);
      // Their slots are free again.
      RecordingRowListener next = new RecordingRowListener(4);
      loop.submit(jobs.job(MODEL, 4, Solver.EULER, 1), next);
      assertThat(next.await().images).hasSize(4);
    }
    assertThat(loader.misuse).allMatch(m -> m.contains("filled while in use")); // by cancelled rows
  }

  private void awaitPasses(int count) throws InterruptedException {
    while (loader.passes.size() < count) {
      Thread.sleep(1);
    }
  }

  @Test
  void cancel_beforeAdmission_loadsNoModel() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(1, 2))) {
      RecordingRowListener first = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), first);
      while (loader.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      loop.submit(
              jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 1),
              new RecordingRowListener(1))
          .cancel();
      loader.steps.release(10);
      first.await();
    }
    assertThat(loader.loads).containsExactly("plain");
  }

  @Test
  void smallJob_doesNotWaitForALargeOne() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener large = new RecordingRowListener(400);
      loop.submit(jobs.job(MODEL, 400, Solver.EULER, 8), large);
      loader.steps.release(3);
      awaitPasses(3);
      RecordingRowListener small = new RecordingRowListener(2);
      SamplingJob late = jobs.job(MODEL, 2, Solver.EULER, 8);
      loop.submit(late, small);
      loader.steps.release(1_000_000);
      small.await();
      float last = FakeModelJobs.start(late, 1)[0];
      int turn = 0;
      for (int i = 0; i < loader.passes.size(); i++) {
        turn = loader.passes.get(i).contains(last) ? i + 1 : turn;
      }
      // Eight passes until slots are free and eight of its own, of 800 that the large job needs.
      assertThat(turn).isLessThanOrEqualTo(17);
      large.await();
    }
  }

  @Test
  void waitingJobs_shareFreeSlots() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), new RecordingRowListener(2));
      loader.steps.release(1);
      awaitPasses(1); // both slots are taken
      SamplingJob early = jobs.job(MODEL, 4, Solver.EULER, 1);
      RecordingRowListener small = new RecordingRowListener(4);
      loop.submit(early, small);
      RecordingRowListener large = new RecordingRowListener(200);
      loop.submit(jobs.job(MODEL, 200, Solver.EULER, 1), large);
      loader.steps.release(1_000_000);
      small.await();
      large.await();
      int last = 0;
      for (int i = 0; i < loader.passes.size(); i++) {
        last = loader.passes.get(i).contains(FakeModelJobs.start(early, 3)[0]) ? i : last;
      }
      assertThat(last).isLessThanOrEqualTo(3 + 4);
    }
  }

  @Test
  void cancel_keepsWaitingRowsFromStarting() throws InterruptedException {
    loader.steps.drainPermits();
    SamplingJob stopped = jobs.job(MODEL, 6, Solver.EULER, 3);
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      Sampler.Running running = loop.submit(stopped, new RecordingRowListener(6));
      loader.steps.release(1);
      awaitPasses(1);
      running.cancel();
      RecordingRowListener listener = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), listener);
      loader.steps.release(1_000);
      listener.await();
    }
    List<Float> passed = loader.passes.stream().flatMap(List::stream).toList();
    for (int row = 2; row < 6; row++) {
      assertThat(passed).doesNotContain(FakeModelJobs.start(stopped, row)[0]);
    }
  }

  @Test
  void groups_alternate() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop =
        new StepLoop(
            loader,
            FakeModelLoader.settings(2, 2).withClock(() -> loader.passes.size() * 1_000_000L))) {
      SamplingJob one = jobs.job(FakeModelLoader.model("one"), 1, Solver.EULER, 10);
      SamplingJob two = jobs.job(FakeModelLoader.model("two"), 1, Solver.EULER, 10);
      RecordingRowListener first = new RecordingRowListener(1);
      RecordingRowListener second = new RecordingRowListener(1);
      loop.submit(one, first);
      loop.submit(two, second);
      while (loader.probes.get() < 2) { // until both models are loaded
        if (loader.steps.hasQueuedThreads()) {
          loader.steps.release(); // the loop was faster than the second job
        }
        Thread.sleep(1);
      }
      loader.steps.release(1000);
      first.await();
      second.await();
      float start = FakeModelJobs.start(two, 0)[0];
      int both = 0;
      while (!loader.passes.get(both).contains(start)) {
        both++;
      }
      assertThat(both).as("passes of the first alone").isLessThan(8);
      for (int i = both; i < 20 - both - 2; i++) {
        assertThat(loader.passes.get(i)).isNotEqualTo(loader.passes.get(i + 1));
      }
    }
  }

  @Test
  void evictsIdleModels_leastRecentlyUsedFirst() throws InterruptedException {
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 2))) {
      for (String name : new String[] {"a", "b", "a", "c", "a", "b"}) {
        RecordingRowListener listener = new RecordingRowListener(1);
        loop.submit(jobs.job(FakeModelLoader.model(name), 1, Solver.EULER, 1), listener);
        listener.await();
      }
      assertThat(loader.loads).containsExactly("a", "b", "c", "b");
      assertThat(loader.closed).containsExactly("b", "c");
    }
    assertThat(loader.closed).containsExactlyInAnyOrder("b", "c", "a", "b");
  }

  @Test
  void submit_wakesAnIdleLoop() throws InterruptedException {
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      for (int i = 0; i < 1_000; i++) {
        RecordingRowListener listener = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), listener);
        assertThat(listener.await().images).hasSize(1);
      }
    }
  }
}
