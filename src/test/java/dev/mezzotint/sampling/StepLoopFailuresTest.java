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

/** Failures in the step loop, and the jobs that they affect. */
@Timeout(60)
class StepLoopFailuresTest {
  private static final ModelInfo MODEL = FakeModelLoader.model("plain");

  private final FakeModelLoader loader = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  @Test
  void failedLoad_failsOnlyTheJobsOfItsModel() throws InterruptedException {
    loader.broken.add("broken");
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(4, 2))) {
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
  void failedPass_failsItsJobs_andReloadsTheNetwork() throws InterruptedException {
    loader.failingSteps.set(1);
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 2))) {
      RecordingRowListener under = new RecordingRowListener(5); // two running rows, three waiting
      loop.submit(jobs.job(MODEL, 5, Solver.EULER, 3), under);
      while (loader.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      RecordingRowListener elsewhere = new RecordingRowListener(1);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 3);
      loop.submit(other, elsewhere);
      loader.steps.release(1000);
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
    assertThat(loader.loads).containsExactlyInAnyOrder("plain", "other", "plain");
    assertThat(loader.closed).containsExactlyInAnyOrder("plain", "other", "plain");
  }

  @Test
  void failedReadOfFinishedRows_failsTheirJobs() throws InterruptedException {
    loader.failingTakes.set(1);
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener lost = new RecordingRowListener(2);
      loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), lost);
      assertThat(lost.await().failure)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("no memory to read finished rows");
      for (int i = 0; i < 3; i++) { // all slots are free again
        SamplingJob next = jobs.job(MODEL, 4, Solver.AB2, 3);
        RecordingRowListener fine = new RecordingRowListener(4);
        loop.submit(next, fine);
        FakeModelJobs.assertAsAlone(next, fine.await(), 0, 0);
      }
      assertThat(lost.failures).isEqualTo(1);
    }
    assertThat(loader.misuse).isEmpty();
  }

  @Test
  void throwingListener_failsOnlyItsOwnJob() throws InterruptedException {
    for (boolean atTheEnd : new boolean[] {false, true}) {
      for (boolean error : new boolean[] {false, true}) {
        try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(8, 1))) {
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
    assertThat(loader.loads).hasSize(4); // no network was reloaded
  }

  private static void fall(boolean error) {
    if (error) {
      throw new AssertionError("fell");
    }
    throw new IllegalStateException("fell");
  }

  @Test
  void listenerThatThrowsInFailed_doesNotEndTheLoop() throws InterruptedException {
    loader.broken.add("broken");
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
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
  void submit_refusesInvalidJobs() {
    ModelInfo model = FakeModelLoader.conditioned("conditioned");
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
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
    assertThat(loader.loads).isEmpty();
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
  void close_endsTheLoop_andSubmitIsRefused() throws InterruptedException {
    loader.steps.drainPermits();
    StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1));
    RecordingRowListener listener = new RecordingRowListener(4);
    loop.submit(jobs.job(MODEL, 4, Solver.EULER, 100), listener);
    loader.steps.release(3);
    while (loader.passes.size() < 3) {
      Thread.sleep(1);
    }
    Thread closing = new Thread(loop::close);
    closing.start();
    while (closing.isAlive()) {
      loader.steps.release(1); // the current pass may end; the job is far from its end
      Thread.sleep(1);
    }
    assertThat(loop.alive()).isFalse();
    assertThat(loader.closed).containsExactly("plain");
    assertThat(listener.images).isEmpty();
    assertThat(listener.failure).isNull();
    assertThatThrownBy(
            () -> loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), new RecordingRowListener(1)))
        .isInstanceOf(DeviceException.class);
    loop.close(); // again
  }

  @Test
  void outOfMemory_shrinksPasses_andFailsNoJob() throws InterruptedException {
    loader.memoryRows.set(3);
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(8, 1))) {
      SamplingJob job = jobs.job(MODEL, 20, Solver.AB3, 9);
      RecordingRowListener listener = new RecordingRowListener(20);
      loop.submit(job, listener);
      FakeModelJobs.assertAsAlone(job, listener.await(), 0, 0);
      assertThat(loop.metrics().outOfMemory()).isEqualTo(2);
      assertThat(loop.healthy()).isTrue();
    }
    assertThat(loader.passSizes).allMatch(size -> size <= 2);
    assertThat(loader.loads).hasSize(1);
    assertThat(loader.misuse).isEmpty();
  }

  @Test
  void outOfMemoryForOneRow_failsTheJob_andThreeMakeTheDeviceUnhealthy()
      throws InterruptedException {
    loader.memoryRows.set(0);
    AtomicInteger callbacks = new AtomicInteger();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      loop.onUnhealthy(callbacks::incrementAndGet);
      for (int i = 0; i < 3; i++) {
        assertThat(loop.healthy()).isTrue();
        RecordingRowListener listener = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), listener);
        assertThat(listener.await().failure).isInstanceOf(DeviceException.class);
      }
      awaitTrue(() -> !loop.healthy());
      assertThatThrownBy(
              () -> loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), new RecordingRowListener(1)))
          .isInstanceOf(DeviceException.class);
    }
    assertThat(callbacks).hasValue(1);
  }

  @Test
  void successfulPass_resetsTheFailureCount() throws InterruptedException {
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      for (int i = 0; i < 8; i++) {
        loader.failingSteps.set(i % 2);
        RecordingRowListener listener = new RecordingRowListener(1);
        loop.submit(jobs.job(MODEL, 1, Solver.EULER, 2), listener);
        listener.await();
        assertThat(listener.failure != null).isEqualTo(i % 2 == 1);
      }
      assertThat(loop.healthy()).isTrue();
    }
  }

  @Test
  void failedPass_keepsJobsThatHaveNotStarted() throws InterruptedException {
    loader.failingSteps.set(1);
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      RecordingRowListener under = new RecordingRowListener(5);
      loop.submit(jobs.job(MODEL, 5, Solver.EULER, 3), under);
      awaitTrue(loader.steps::hasQueuedThreads); // in the pass that will fail
      SamplingJob patient = jobs.job(MODEL, 3, Solver.EULER, 3);
      RecordingRowListener waits = new RecordingRowListener(3);
      loop.submit(patient, waits);
      loader.steps.release(1_000);
      assertThat(under.await().failure).isInstanceOf(DeviceException.class);
      FakeModelJobs.assertAsAlone(patient, waits.await(), 0, 0);
    }
  }

  @Test
  void loadsAModelWhileOthersRun() throws InterruptedException {
    loader.loadGate.drainPermits();
    loader.loadGate.release(1);
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 2))) {
      RecordingRowListener slow = new RecordingRowListener(1);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 1, Solver.EULER, 3);
      SamplingJob job = jobs.job(MODEL, 1, Solver.EULER, 500);
      RecordingRowListener listener = new RecordingRowListener(1);
      loop.submit(job, listener);
      loop.submit(other, slow);
      FakeModelJobs.assertAsAlone(job, listener.await(), 0, 0);
      assertThat(slow.stages).isZero();
      loader.loadGate.release(1);
      FakeModelJobs.assertAsAlone(other, slow.await(), 0, 0);
    }
  }

  @Test
  void evictsABusyModel_whenAnotherNeedsItsMemory() throws InterruptedException {
    AtomicLong clock = new AtomicLong();
    StepLoopSettings settings =
        FakeModelLoader.settings(2, 1).withClock(() -> clock.addAndGet(50_000_000L));
    try (StepLoop loop = new StepLoop(loader, settings)) {
      SamplingJob endless = jobs.job(MODEL, 100_000, Solver.EULER, 4);
      RecordingRowListener busy = new RecordingRowListener(100_000);
      Sampler.Running running = loop.submit(endless, busy);
      SamplingJob other = jobs.job(FakeModelLoader.model("other"), 2, Solver.EULER, 3);
      RecordingRowListener waits = new RecordingRowListener(2);
      awaitTrue(() -> loop.passes() > 10);
      loop.submit(other, waits);
      FakeModelJobs.assertAsAlone(other, waits.await(), 0, 0);
      assertThat(loop.metrics().modelBytes()).isLessThanOrEqualTo(settings.modelBytesMax());
      int before = busy.images.size();
      assertThat(before).isLessThan(100_000);
      awaitTrue(() -> busy.images.size() > before + 10); // and the other continues afterwards
      running.cancel();
    }
    assertThat(loader.misuse).allMatch(m -> m.contains("filled while in use"));
  }

  @Test
  void dropsAJob_thatCannotMeetItsDeadline() throws InterruptedException {
    loader.steps.drainPermits();
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
      SamplingJob going = jobs.job(MODEL, 1, Solver.EULER, 3);
      RecordingRowListener fine = new RecordingRowListener(1);
      loop.submit(going, fine);
      while (loop.passes() == 0) {
        loader.steps.release(1); // its model is loaded before the gate closes
        Thread.sleep(1);
      }
      RecordingRowListener late = new RecordingRowListener(1);
      loop.submit(due(jobs.job(MODEL, 1, Solver.EULER, 10_000), 1), late);
      RecordingRowListener loading = new RecordingRowListener(1);
      loader.loadGate.drainPermits();
      loop.submit(due(jobs.job(FakeModelLoader.model("slow"), 1, Solver.EULER, 1), 100), loading);
      loader.steps.release(1_000);
      // Also while its model is loading.
      assertThat(late.await().failure).isInstanceOf(AttemptStoppedException.class);
      assertThat(((AttemptStoppedException) late.failure).reason())
          .isEqualTo(AttemptStoppedException.Reason.LATE);
      FakeModelJobs.assertAsAlone(going, fine.await(), 0, 0);
      loader.steps.release(1_000_000);
      assertThat(loading.await().failure).isInstanceOf(AttemptStoppedException.class);
      assertThat(loop.metrics().late()).isEqualTo(2);
      loader.loadGate.release(10);
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
  void pinnedPasses_haveOneSize_andOutOfMemoryIsAFailure() throws InterruptedException {
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(8, 1).withPinned(4))) {
      for (int rows : new int[] {1, 3, 7}) {
        SamplingJob job = jobs.job(MODEL, rows, Solver.HEUN, 3);
        RecordingRowListener listener = new RecordingRowListener(rows);
        loop.submit(job, listener);
        FakeModelJobs.assertAsAlone(job, listener.await(), 0, 0);
      }
      assertThat(loader.passSizes).containsOnly(4);
      loader.memoryRows.set(3);
      RecordingRowListener listener = new RecordingRowListener(1);
      loop.submit(jobs.job(MODEL, 1, Solver.HEUN, 3), listener);
      assertThat(listener.await().failure).isInstanceOf(DeviceException.class);
    }
  }
}
