package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes wrong in the step loop, and whom it may cost something. */
@Timeout(60)
class StepLoopFailuresTest {
  private static final ModelInfo MODEL = PlainShelf.model("plain");

  private final PlainShelf shelf = new PlainShelf();
  private final PlainJobs jobs = new PlainJobs();

  @Test
  void aModelThatCannotBeLoadedFailsItsOwnJobsOnly() throws InterruptedException {
    shelf.broken.add("broken");
    try (StepLoop loop = new StepLoop(shelf, PlainShelf.settings(4, 2))) {
      SamplingJob good = jobs.job(MODEL, 3, Solver.AB2, 8);
      Heard fine = new Heard(3);
      Heard bad = new Heard(1);
      loop.submit(good, fine);
      loop.submit(jobs.job(PlainShelf.model("broken"), 1, Solver.EULER, 1), bad);
      assertThat(bad.await().failure)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("conv_in.weight");
      PlainJobs.assertAsAlone(good, fine.await(), 0, 0);
    }
  }

  @Test
  void aFailingPassFailsItsJobsAndTheNextJobGetsAFreshNetwork() throws InterruptedException {
    shelf.failingSteps.set(1);
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, PlainShelf.settings(2, 2))) {
      Heard under = new Heard(5); // two rows under way, three that wait
      loop.submit(jobs.job(MODEL, 5, Solver.EULER, 3), under);
      while (shelf.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      Heard elsewhere = new Heard(1);
      SamplingJob other = jobs.job(PlainShelf.model("other"), 1, Solver.EULER, 3);
      loop.submit(other, elsewhere);
      shelf.steps.release(1000);
      assertThat(under.await().failure)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("the device is lost");
      PlainJobs.assertAsAlone(other, elsewhere.await(), 0, 0);
      Heard again = new Heard(5);
      SamplingJob second = jobs.job(MODEL, 5, Solver.EULER, 3);
      loop.submit(second, again);
      PlainJobs.assertAsAlone(second, again.await(), 0, 0);
      assertThat(under.failures).isEqualTo(1);
    }
    assertThat(shelf.loads).containsExactlyInAnyOrder("plain", "other", "plain");
    assertThat(shelf.closed).containsExactlyInAnyOrder("plain", "other", "plain");
  }

  @Test
  void aListenerThatThrowsLosesItsOwnJobAlone() throws InterruptedException {
    for (boolean atTheEnd : new boolean[] {false, true}) {
      for (boolean error : new boolean[] {false, true}) {
        try (StepLoop loop = new StepLoop(shelf, PlainShelf.settings(8, 1))) {
          Heard bad =
              new Heard(2) {
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
          Heard fine = new Heard(3);
          loop.submit(jobs.job(MODEL, 2, Solver.EULER, 3), bad);
          loop.submit(good, fine);
          PlainJobs.assertAsAlone(good, fine.await(), 0, 0);
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
    try (StepLoop loop = new StepLoop(shelf, PlainShelf.settings(2, 1))) {
      loop.submit(
          jobs.job(PlainShelf.model("broken"), 1, Solver.EULER, 1),
          new Heard(1) {
            @Override
            public synchronized void failed(RuntimeException cause) {
              throw new IllegalStateException("again", cause);
            }
          });
      Heard fine = new Heard(1);
      loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), fine);
      assertThat(fine.await().failure).isNull();
    }
  }

  @Test
  void whatAModelDoesNotTakeIsRefusedBeforeItSharesAPass() {
    ModelInfo model = PlainShelf.conditioned("conditioned");
    try (StepLoop loop = new StepLoop(shelf, PlainShelf.settings(2, 1))) {
      refused(
          loop, "condition", jobs.job(PlainShelf.model("p"), 1, Solver.EULER, 1), new float[3], 2);
      refused(loop, "x0", jobs.job(PlainShelf.model("p"), 1, Solver.EULER, 1), new float[0], 3);
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
    assertThatThrownBy(() -> loop.submit(job, new Heard(1)))
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  @Test
  void closingEndsTheLoopAndItTakesNothingMore() throws InterruptedException {
    shelf.steps.drainPermits();
    StepLoop loop = new StepLoop(shelf, PlainShelf.settings(2, 1));
    Heard heard = new Heard(4);
    loop.submit(jobs.job(MODEL, 4, Solver.EULER, 100), heard);
    shelf.steps.release(3);
    while (shelf.passes.size() < 3) {
      Thread.sleep(1);
    }
    shelf.steps.release(5); // enough for the turn in hand, not for the job
    loop.close();
    assertThat(loop.alive()).isFalse();
    assertThat(shelf.closed).containsExactly("plain");
    assertThat(heard.pictures).isEmpty();
    assertThat(heard.failure).isNull();
    assertThatThrownBy(() -> loop.submit(jobs.job(MODEL, 1, Solver.EULER, 1), new Heard(1)))
        .isInstanceOf(DeviceException.class);
    loop.close(); // again
  }
}
