package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.job.AttemptStoppedException;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes wrong in the step loop, and whom it may cost something. */
@Timeout(60)
class StepLoopFailuresTest {
  private static final ModelInfo MODEL = FakeModelLoader.model("plain");

  private final FakeModelLoader shelf = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  @Test
  void aModelThatCannotBeLoadedFailsItsOwnJobsOnly() throws InterruptedException {
    shelf.broken.add("broken");
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(4, 2))) {
      SamplingJob good = jobs.job(MODEL, 3, Solver.AB2, 8);
      RecordingRowListener fine = new RecordingRowListener(3);
      RecordingRowListener bad = new RecordingRowListener(1);
      loop.submit(good, fine);
      loop.submit(jobs.job(FakeModelLoader.model("broken"), 1, Solver.EULER, 1), bad);
      assertThat(bad.await().failure)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("conv_in.weight");
      FakeModelJobs.assertAsAlone(good, fine.await(), 0, 0);
    }
  }

  @Test
  void aFailingPassFailsItsJobsAndTheNextJobGetsAFreshNetwork() throws InterruptedException {
    shelf.failingSteps.set(1);
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 2))) {
      RecordingRowListener under =
          new RecordingRowListener(5); // two rows under way, three that wait
      loop.submit(jobs.job(MODEL, 5, Solver.EULER, 3), under);
      while (shelf.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      RecordingRowListener elsewhere = new RecordingRowListener(1);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 3);
      loop.submit(other, elsewhere);
      shelf.steps.release(1000);
      assertThat(under.await().failure)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("the device is lost");
      FakeModelJobs.assertAsAlone(other, elsewhere.await(), 0, 0);
      RecordingRowListener again = new RecordingRowListener(5);
      SamplingJob second = jobs.job(MODEL, 5, Solver.EULER, 3);
      loop.submit(second, again);
      FakeModelJobs.assertAsAlone(second, again.await(), 0, 0);
      assertThat(under.failures).isEqualTo(1);
    }
    assertThat(shelf.loads).containsExactlyInAnyOrder("plain", "other", "plain");
    assertThat(shelf.closed).containsExactlyInAnyOrder("plain", "other", "plain");
  }

  @Test
  void rowsThatCannotBeReadAtTheirEndFailTheirJobs() throws InterruptedException {
    shelf.failingTakes.set(1);
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener lost = new RecordingRowListener(2);
      loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), lost);
      assertThat(lost.await().failure)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("no memory to read finished rows");
      for (int i = 0; i < 3; i++) { // all slots are there again
        SamplingJob next = jobs.job(MODEL, 4, Solver.AB2, 3);
        RecordingRowListener fine = new RecordingRowListener(4);
        loop.submit(next, fine);
        FakeModelJobs.assertAsAlone(next, fine.await(), 0, 0);
      }
      assertThat(lost.failures).isEqualTo(1);
    }
    assertThat(shelf.misuse).isEmpty();
  }

  @Test
  void aListenerThatThrowsLosesItsOwnJobAlone() throws InterruptedException {
    for (boolean atTheEnd : new boolean[] {false, true}) {
      for (boolean error : new boolean[] {false, true}) {
        try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(8, 1))) {
          RecordingRowListener bad =
              new RecordingRowListener(2) {
                @Override
                public synchronized void advanced(int more) {
                  if (!atTheEnd) {
                    fall(error);
                  }
                }

                @Override
                public synchronized void finished(int row, float[] chw) {
                  fall(error);
                }
              };
          SamplingJob good = jobs.job(MODEL, 3, Solver.AB3, 6);
          RecordingRowListener fine = new RecordingRowListener(3);
          loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), bad);
          loop.submit(good, fine);
          FakeModelJobs.assertAsAlone(good, fine.await(), 0, 0);
          assertThat(bad.await().failure).isNotNull().hasStackTraceContaining("fell");
          assertThat(bad.failures).isEqualTo(1);
          assertThat(loop.alive()).isTrue();
        }
      }
    }
    assertThat(shelf.loads).hasSize(4); // no network was given up for it
  }

  private static void fall(boolean error) {
    if (error) {
      throw new AssertionError("fell");
    }
    throw new IllegalStateException("fell");
  }

  @Test
  void aListenerThatThrowsEvenAtItsFailureDoesNotEndTheLoop() throws InterruptedException {
    shelf.broken.add("broken");
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      loop.submit(
          jobs.job(FakeModelLoader.model("broken"), 1, Solver.EULER, 1),
          new RecordingRowListener(1) {
            @Override
            public synchronized void failed(RuntimeException cause) {
              throw new IllegalStateException("again", cause);
            }
          });
      RecordingRowListener fine = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), fine);
      assertThat(fine.await().failure).isNull();
    }
  }

  @Test
  void whatAModelDoesNotTakeIsRefusedBeforeItSharesAPass() {
    ModelInfo model = FakeModelLoader.conditioned("conditioned");
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      refused(
          loop,
          "condition",
          jobs.job(FakeModelLoader.model("p"), 1, Solver.EULER, 1),
          new float[3],
          2);
      refused(
          loop, "x0", jobs.job(FakeModelLoader.model("p"), 1, Solver.EULER, 1), new float[0], 3);
      SamplingJob fit = jobs.job(model, 1, Solver.EULER, 1, OptionalInt.of(4), 0);
      refused(loop, "condition", fit, new float[0], 2);
      refused(loop, "condition", fit, new float[5], 2);
      for (OptionalInt label :
          List.of(OptionalInt.empty(), OptionalInt.of(5), OptionalInt.of(-1))) {
        refused(loop, "classLabel", jobs.job(model, 1, Solver.EULER, 1, label, 0), new float[4], 2);
      }
      refused(
          loop,
          "rows",
          new SamplingJob(
              "job",
              MODEL,
              List.of(),
              fit.stages(),
              OptionalInt.empty(),
              Priority.NORMAL,
              "",
              Optional.empty()));
    }
    assertThat(shelf.loads).isEmpty();
  }

  private static void refused(
      StepLoop loop, String field, SamplingJob like, float[] condition, int values) {
    refused(
        loop,
        field,
        new SamplingJob(
            like.jobId(),
            like.model(),
            List.of(new SamplingJob.Row(0, new SamplingJob.X0.Given(new float[values]), condition)),
            like.stages(),
            like.classLabel(),
            like.priority(),
            like.tenant(),
            like.deadline()));
  }

  private static void refused(StepLoop loop, String field, SamplingJob job) {
    assertThatThrownBy(() -> loop.submit(job, new RecordingRowListener(1)))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  @Test
  void closingEndsTheLoopAndItTakesNothingMore() throws InterruptedException {
    shelf.steps.drainPermits();
    StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1));
    RecordingRowListener heard = new RecordingRowListener(4);
    loop.submit(jobs.job(MODEL, 4, Solver.EULER, 100), heard);
    shelf.steps.release(3);
    while (shelf.passes.size() < 3) {
      Thread.sleep(1);
    }
    Thread closing = new Thread(loop::close);
    closing.start();
    while (closing.isAlive()) {
      shelf.steps.release(1); // the turn in hand may end; the job is far from its end
      Thread.sleep(1);
    }
    assertThat(loop.alive()).isFalse();
    assertThat(shelf.closed).containsExactly("plain");
    assertThat(heard.pictures).isEmpty();
    assertThat(heard.failure).isNull();
    assertThatThrownBy(
            () -> loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), new RecordingRowListener(1)))
        .isInstanceOf(DeviceException.class);
    loop.close(); // again
  }

  @Test
  void memoryThatRunsOutMakesPassesSmallerAndCostsNobodyAnything() throws InterruptedException {
    shelf.memoryRows.set(3);
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(8, 1))) {
      SamplingJob job = jobs.job(MODEL, 20, Solver.AB3, 9);
      RecordingRowListener heard = new RecordingRowListener(20);
      loop.submit(job, heard);
      FakeModelJobs.assertAsAlone(job, heard.await(), 0, 0);
      assertThat(loop.metrics().outOfMemory()).isEqualTo(2);
      assertThat(loop.healthy()).isTrue();
    }
    assertThat(shelf.passSizes).allMatch(size -> size <= 2);
    assertThat(shelf.loads).hasSize(1);
    assertThat(shelf.misuse).isEmpty();
  }

  @Test
  void withoutMemoryForASingleRowTheJobFailsAndTheDeviceIsGivenUpAfterThree()
      throws InterruptedException {
    shelf.memoryRows.set(0);
    AtomicInteger told = new AtomicInteger();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      loop.onUnhealthy(told::incrementAndGet);
      for (int i = 0; i < 3; i++) {
        assertThat(loop.healthy()).isTrue();
        RecordingRowListener heard = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), heard);
        assertThat(heard.await().failure).isInstanceOf(DeviceException.class);
      }
      awaitTrue(() -> !loop.healthy());
      assertThatThrownBy(
              () -> loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), new RecordingRowListener(1)))
          .isInstanceOf(DeviceException.class);
    }
    assertThat(told).hasValue(1);
  }

  @Test
  void aSuccessInBetweenForgivesFailuresOfTheDevice() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      for (int i = 0; i < 8; i++) {
        shelf.failingSteps.set(i % 2);
        RecordingRowListener heard = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), heard);
        heard.await();
        assertThat(heard.failure != null).isEqualTo(i % 2 == 1);
      }
      assertThat(loop.healthy()).isTrue();
    }
  }

  @Test
  void aJobThatHadNotBegunSurvivesTheDeviceFailingUnderAnother() throws InterruptedException {
    shelf.failingSteps.set(1);
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      RecordingRowListener under = new RecordingRowListener(5);
      loop.submit(jobs.job(MODEL, 5, Solver.EULER, 3), under);
      awaitTrue(shelf.steps::hasQueuedThreads); // in the pass that will fail
      SamplingJob patient = jobs.job(MODEL, 3, Solver.EULER, 3);
      RecordingRowListener waits = new RecordingRowListener(3);
      loop.submit(patient, waits);
      shelf.steps.release(1_000);
      assertThat(under.await().failure).isInstanceOf(DeviceException.class);
      FakeModelJobs.assertAsAlone(patient, waits.await(), 0, 0);
    }
  }

  @Test
  void aModelIsLoadedWhileOthersGoOn() throws InterruptedException {
    shelf.loadGate.drainPermits();
    shelf.loadGate.release(1);
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 2))) {
      RecordingRowListener slow = new RecordingRowListener(1);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 3);
      SamplingJob job = jobs.job(MODEL, 1, Solver.EULER, 500);
      RecordingRowListener heard = new RecordingRowListener(1);
      loop.submit(job, heard);
      loop.submit(other, slow);
      FakeModelJobs.assertAsAlone(job, heard.await(), 0, 0);
      assertThat(slow.stages).isZero();
      shelf.loadGate.release(1);
      FakeModelJobs.assertAsAlone(other, slow.await(), 0, 0);
    }
  }

  @Test
  void aModelThatNeedsTheRoomOfABusyOneGetsItInTheEnd() throws InterruptedException {
    AtomicLong clock = new AtomicLong();
    StepLoopSettings settings =
        FakeModelLoader.settings(2, 1).withClock(() -> clock.addAndGet(50_000_000L));
    try (StepLoop loop = new StepLoop(shelf, settings)) {
      SamplingJob endless = jobs.job(MODEL, 100_000, Solver.EULER, 4);
      RecordingRowListener busy = new RecordingRowListener(100_000);
      Sampler.Running running = loop.submit(endless, busy);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 2, Solver.EULER, 3);
      RecordingRowListener waits = new RecordingRowListener(2);
      awaitTrue(() -> loop.passes() > 10);
      loop.submit(other, waits);
      FakeModelJobs.assertAsAlone(other, waits.await(), 0, 0);
      assertThat(loop.metrics().modelBytes()).isLessThanOrEqualTo(settings.modelBytesMax());
      int before = busy.pictures.size();
      assertThat(before).isLessThan(100_000);
      awaitTrue(() -> busy.pictures.size() > before + 10); // and the other goes on afterwards
      running.cancel();
    }
    assertThat(shelf.misuse).allMatch(m -> m.contains("filled while in use"));
  }

  @Test
  void aJobThatCannotMeetItsDeadlineIsDroppedAsLate() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
      SamplingJob going = jobs.job(MODEL, 1, Solver.EULER, 3);
      RecordingRowListener fine = new RecordingRowListener(1);
      loop.submit(going, fine);
      while (loop.passes() == 0) {
        shelf.steps.release(1); // its model is there before the gate is shut
        Thread.sleep(1);
      }
      RecordingRowListener late = new RecordingRowListener(1);
      loop.submit(due(jobs.job(MODEL, 1, Solver.EULER, 10_000), 1), late);
      RecordingRowListener loading = new RecordingRowListener(1);
      shelf.loadGate.drainPermits();
      loop.submit(due(jobs.job(FakeModelLoader.model("slow"), 1, Solver.EULER, 1), 100), loading);
      shelf.steps.release(1_000);
      // Also while its model is on its way.
      assertThat(late.await().failure).isInstanceOf(AttemptStoppedException.class);
      assertThat(((AttemptStoppedException) late.failure).reason())
          .isEqualTo(AttemptStoppedException.Reason.LATE);
      FakeModelJobs.assertAsAlone(going, fine.await(), 0, 0);
      shelf.steps.release(1_000_000);
      assertThat(loading.await().failure).isInstanceOf(AttemptStoppedException.class);
      assertThat(loop.metrics().late()).isEqualTo(2);
      shelf.loadGate.release(10);
    }
  }

  private static SamplingJob due(SamplingJob job, int millis) {
    return new SamplingJob(
        job.jobId(),
        job.model(),
        job.rows(),
        job.stages(),
        job.classLabel(),
        job.priority(),
        job.tenant(),
        Optional.of(Instant.now().plusMillis(millis)));
  }

  private static void awaitTrue(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(1);
    }
  }

  @Test
  void pinnedPassesAllHaveOneSizeAndMemoryThatRunsOutIsAFailureThen() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(8, 1).withPinned(4))) {
      for (int rows : new int[] {1, 3, 7}) {
        SamplingJob job = jobs.job(MODEL, rows, Solver.HEUN, 3);
        RecordingRowListener heard = new RecordingRowListener(rows);
        loop.submit(job, heard);
        FakeModelJobs.assertAsAlone(job, heard.await(), 0, 0);
      }
      assertThat(shelf.passSizes).containsOnly(4);
      shelf.memoryRows.set(3);
      RecordingRowListener heard = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.HEUN, 3), heard);
      assertThat(heard.await().failure).isInstanceOf(DeviceException.class);
    }
  }
}
