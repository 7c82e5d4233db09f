package dev.mezzotint.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StepLoopTest {
  private static final ModelInfo MODEL = PlainShelf.model("plain");

  private final PlainShelf shelf = new PlainShelf();
  private float nextMarker = 1;

  /** Rows that start at values nobody else has. */
  private SamplingJob job(ModelInfo model, int rows, Solver solver, int steps) {
    return job(model, rows, solver, steps, OptionalInt.empty(), 0);
  }

  private SamplingJob job(
      ModelInfo model, int rows, Solver solver, int steps, OptionalInt label, float condition) {
    List<SamplingJob.Row> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      float[] conditions = new float[2 * model.conditionChannels()];
      Arrays.fill(conditions, condition);
      float[] x0 = {nextMarker, -nextMarker};
      nextMarker++;
      all.add(new SamplingJob.Row(i, new SamplingJob.X0.Given(x0), conditions));
    }
    return new SamplingJob(
        "job", model, all, stages(solver, steps), label, Priority.NORMAL, "", Optional.empty());
  }

  private static List<Stage> stages(Solver solver, int steps) {
    return solver.stages(AlphaSchedule.UNIFORM.alphas(steps));
  }

  private static float[] start(SamplingJob job, int row) {
    return ((SamplingJob.X0.Given) job.rows().get(row).x0()).chw();
  }

  private static void assertAsAlone(SamplingJob job, Heard heard, long label, float condition) {
    assertThat(heard.failure).isNull();
    assertThat(heard.pictures).hasSize(job.rows().size());
    for (int row = 0; row < job.rows().size(); row++) {
      assertThat(heard.pictures.get(row))
          .isEqualTo(PlainShelf.alone(start(job, row), job.stages(), label, condition));
    }
    assertThat(heard.stages).isEqualTo(job.rows().size() * job.stages().size());
  }

  private void assertEveryRowPassedEveryStageOnce(List<SamplingJob> jobs) {
    List<Float> all = shelf.passes.stream().flatMap(List::stream).toList();
    for (SamplingJob job : jobs) {
      for (int row = 0; row < job.rows().size(); row++) {
        assertThat(Collections.frequency(all, start(job, row)[0])).isEqualTo(job.stages().size());
      }
    }
  }

  @Test
  void anyMixOfJobsEndsAsIfEachRowHadBeenAlone() throws InterruptedException {
    for (int load = 0; load < 400; load++) {
      Random random = new Random(load);
      shelf.passes.clear();
      List<SamplingJob> jobs = new ArrayList<>();
      List<Heard> heard = new ArrayList<>();
      List<Integer> labels = new ArrayList<>();
      int slots = 1 + random.nextInt(9);
      try (StepLoop loop = new StepLoop(shelf, slots, 1 + random.nextInt(2))) {
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
          int kind = random.nextInt(3);
          int label = kind == 2 ? random.nextInt(5) : 0;
          Solver solver = Solver.values()[random.nextInt(Solver.values().length)];
          jobs.add(
              job(
                  kind == 2
                      ? PlainShelf.conditioned("conditioned")
                      : PlainShelf.model("plain" + kind),
                  1 + random.nextInt(7),
                  solver,
                  1 + random.nextInt(5),
                  kind == 2 ? OptionalInt.of(label) : OptionalInt.empty(),
                  label * 0.25f));
          labels.add(label);
          heard.add(new Heard(jobs.get(i).rows().size()));
          loop.submit(jobs.get(i), heard.get(i));
          for (long turn = loop.turns(), wait = random.nextInt(4); wait > 0; wait--) {
            if (loop.turns() == turn) {
              Thread.onSpinWait();
            }
          }
        }
        for (int i = 0; i < count; i++) {
          assertAsAlone(jobs.get(i), heard.get(i).await(), labels.get(i), labels.get(i) * 0.25f);
        }
      }
      assertEveryRowPassedEveryStageOnce(jobs);
      assertThat(shelf.passSizes).allMatch(size -> size <= 9);
      assertThat(shelf.misuse).as("load %d", load).isEmpty();
    }
  }

  @Test
  void passesComeInPowersOfTwoUpToAllSlots() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, 6, 1)) {
      for (int rows = 1; rows <= 6; rows++) {
        Heard heard = new Heard(rows);
        loop.submit(job(MODEL, rows, Solver.EULER, 1), heard);
        heard.await();
      }
    }
    assertThat(shelf.passSizes).containsExactly(1, 2, 4, 4, 6, 6);
  }

  @Test
  void cancelledRowsLeaveAtTheNextTurn() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, 4, 1)) {
      SamplingJob going = job(MODEL, 1, Solver.EULER, 20);
      SamplingJob stopped = job(MODEL, 2, Solver.EULER, 20);
      Heard heard = new Heard(1);
      loop.submit(going, heard);
      Sampling.Running running = loop.submit(stopped, new Heard(2));
      shelf.steps.release(5);
      awaitPasses(5);
      running.cancel();
      shelf.steps.release(100);
      heard.await();
      assertAsAlone(going, heard, 0, 0);
      // The pass in hand may still have had them; none after it did.
      for (List<Float> pass : shelf.passes.subList(6, shelf.passes.size())) {
        assertThat(pass).containsExactly(start(going, 0)[0]);
      }
      assertThat(shelf.passes.get(4)).hasSize(3);
      // Their slots are free again.
      Heard next = new Heard(4);
      loop.submit(job(MODEL, 4, Solver.EULER, 1), next);
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
    try (StepLoop loop = new StepLoop(shelf, 1, 2)) {
      Heard first = new Heard(1);
      loop.submit(job(MODEL, 1, Solver.EULER, 2), first);
      while (shelf.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      loop.submit(job(PlainShelf.model("other"), 1, Solver.EULER, 1), new Heard(1)).cancel();
      shelf.steps.release(10);
      first.await();
    }
    assertThat(shelf.loads).containsExactly("plain");
  }

  @Test
  void aModelThatCannotBeLoadedFailsItsOwnJobsOnly() throws InterruptedException {
    shelf.broken.add("broken");
    try (StepLoop loop = new StepLoop(shelf, 4, 2)) {
      SamplingJob good = job(MODEL, 3, Solver.AB2, 8);
      Heard fine = new Heard(3);
      Heard bad = new Heard(1);
      loop.submit(good, fine);
      loop.submit(job(PlainShelf.model("broken"), 1, Solver.EULER, 1), bad);
      assertThat(bad.await().failure)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("conv_in.weight");
      assertAsAlone(good, fine.await(), 0, 0);
    }
  }

  @Test
  void aFailingPassFailsItsJobsAndTheNextJobGetsAFreshNetwork() throws InterruptedException {
    shelf.failingSteps.set(1);
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, 2, 2)) {
      Heard under = new Heard(5); // two rows under way, three that wait
      loop.submit(job(MODEL, 5, Solver.EULER, 3), under);
      while (shelf.steps.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      Heard elsewhere = new Heard(1);
      SamplingJob other = job(PlainShelf.model("other"), 1, Solver.EULER, 3);
      loop.submit(other, elsewhere);
      shelf.steps.release(1000);
      assertThat(under.await().failure)
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("out of memory on the device");
      assertAsAlone(other, elsewhere.await(), 0, 0);
      Heard again = new Heard(5);
      SamplingJob second = job(MODEL, 5, Solver.EULER, 3);
      loop.submit(second, again);
      assertAsAlone(second, again.await(), 0, 0);
      assertThat(under.failures).isEqualTo(1);
    }
    assertThat(shelf.loads).containsExactlyInAnyOrder("plain", "other", "plain");
    assertThat(shelf.closed).containsExactlyInAnyOrder("plain", "other", "plain");
  }

  @Test
  void aListenerThatThrowsLosesItsOwnJobAlone() throws InterruptedException {
    for (boolean atTheEnd : new boolean[] {false, true}) {
      for (boolean error : new boolean[] {false, true}) {
        try (StepLoop loop = new StepLoop(shelf, 8, 1)) {
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
          SamplingJob good = job(MODEL, 3, Solver.AB3, 6);
          Heard fine = new Heard(3);
          loop.submit(job(MODEL, 2, Solver.EULER, 3), bad);
          loop.submit(good, fine);
          assertAsAlone(good, fine.await(), 0, 0);
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
    try (StepLoop loop = new StepLoop(shelf, 2, 1)) {
      loop.submit(
          job(PlainShelf.model("broken"), 1, Solver.EULER, 1),
          new Heard(1) {
            @Override
            public synchronized void failed(RuntimeException cause) {
              throw new IllegalStateException("again", cause);
            }
          });
      Heard fine = new Heard(1);
      loop.submit(job(MODEL, 1, Solver.EULER, 1), fine);
      assertThat(fine.await().failure).isNull();
    }
  }

  @Test
  void aSmallJobIsNotHeldUpByALargeOne() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, 4, 1)) {
      Heard large = new Heard(400);
      loop.submit(job(MODEL, 400, Solver.EULER, 8), large);
      shelf.steps.release(3);
      awaitPasses(3);
      Heard small = new Heard(2);
      SamplingJob late = job(MODEL, 2, Solver.EULER, 8);
      loop.submit(late, small);
      shelf.steps.release(1_000_000);
      small.await();
      float last = start(late, 1)[0];
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
  void groupsTakeTurns() throws InterruptedException {
    shelf.steps.drainPermits();
    try (StepLoop loop = new StepLoop(shelf, 2, 2)) {
      SamplingJob one = job(PlainShelf.model("one"), 1, Solver.EULER, 10);
      SamplingJob two = job(PlainShelf.model("two"), 1, Solver.EULER, 10);
      Heard first = new Heard(1);
      Heard second = new Heard(1);
      loop.submit(one, first);
      loop.submit(two, second);
      shelf.steps.release(1000);
      first.await();
      second.await();
      // From the pass on where both were there, they alternate.
      for (int i = 2; i < 18; i++) {
        assertThat(shelf.passes.get(i)).isNotEqualTo(shelf.passes.get(i + 1));
      }
    }
  }

  @Test
  void idleModelsMakeRoomInTheOrderOfTheirLastUse() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, 2, 2)) {
      for (String name : new String[] {"a", "b", "a", "c", "a", "b"}) {
        Heard heard = new Heard(1);
        loop.submit(job(PlainShelf.model(name), 1, Solver.EULER, 1), heard);
        heard.await();
      }
      assertThat(shelf.loads).containsExactly("a", "b", "c", "b");
      assertThat(shelf.closed).containsExactly("b", "c");
    }
    assertThat(shelf.closed).containsExactlyInAnyOrder("b", "c", "a", "b");
  }

  @Test
  void whatAModelDoesNotTakeIsRefusedBeforeItSharesAPass() {
    ModelInfo model = PlainShelf.conditioned("conditioned");
    try (StepLoop loop = new StepLoop(shelf, 2, 1)) {
      refused(loop, "condition", job(PlainShelf.model("p"), 1, Solver.EULER, 1), new float[3], 2);
      refused(loop, "x0", job(PlainShelf.model("p"), 1, Solver.EULER, 1), new float[0], 3);
      SamplingJob fit = job(model, 1, Solver.EULER, 1, OptionalInt.of(4), 0);
      refused(loop, "condition", fit, new float[0], 2);
      refused(loop, "condition", fit, new float[5], 2);
      for (OptionalInt label :
          List.of(OptionalInt.empty(), OptionalInt.of(5), OptionalInt.of(-1))) {
        refused(loop, "classLabel", job(model, 1, Solver.EULER, 1, label, 0), new float[4], 2);
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
  void submittingToAnIdleLoopNeverLeavesItAsleep() throws InterruptedException {
    try (StepLoop loop = new StepLoop(shelf, 2, 1)) {
      for (int i = 0; i < 1_000; i++) {
        Heard heard = new Heard(1);
        loop.submit(job(MODEL, 1, Solver.EULER, 1), heard);
        assertThat(heard.await().pictures).hasSize(1);
      }
    }
  }

  @Test
  void closingEndsTheLoopAndItTakesNothingMore() throws InterruptedException {
    shelf.steps.drainPermits();
    StepLoop loop = new StepLoop(shelf, 2, 1);
    Heard heard = new Heard(4);
    loop.submit(job(MODEL, 4, Solver.EULER, 100), heard);
    shelf.steps.release(3);
    awaitPasses(3);
    shelf.steps.release(5); // enough for the turn in hand, not for the job
    loop.close();
    assertThat(loop.alive()).isFalse();
    assertThat(shelf.closed).containsExactly("plain");
    assertThat(heard.pictures).isEmpty();
    assertThat(heard.failure).isNull();
    assertThatThrownBy(() -> loop.submit(job(MODEL, 1, Solver.EULER, 1), new Heard(1)))
        .isInstanceOf(DeviceException.class);
    loop.close(); // again
  }
}
