package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
import dev.mezzotint.iadb.RandomStream;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that are looked at or changed between their stages, among others that are not. */
@Timeout(60)
class StageHookTest {
  private static final ModelInfo MODEL = FakeModelLoader.model("plain");

  private final FakeModelLoader shelf = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  private static SamplingJob job(List<SamplingJob.Row> rows, List<Stage> stages) {
    return new SamplingJob(
        "job", MODEL, rows, stages, OptionalInt.empty(), Priority.NORMAL, "", Optional.empty());
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void aTrajectoryLeadsFromTheStartToTheEndAndChangesNothing(Solver solver)
      throws InterruptedException {
    SamplingJob plain = jobs.job(MODEL, 3, solver, 10);
    List<Trajectory> ways = new ArrayList<>();
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (SamplingJob.Row row : plain.rows()) {
      float[] start = FakeModelJobs.start(plain, row.index());
      ways.add(new Trajectory(plain.stages().size(), solver.evaluationsPerStep(), start));
      rows.add(row.withHook(ways.get(row.index())));
    }
    SamplingJob watched = job(rows, plain.stages());
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener beside = new RecordingRowListener(2);
      loop.submit(jobs.job(MODEL, 2, Solver.HEUN, 4), beside);
      RecordingRowListener heard = new RecordingRowListener(3);
      loop.submit(watched, heard);
      FakeModelJobs.assertAsAlone(watched, heard.await(), 0, 0);
      for (int row = 0; row < 3; row++) {
        List<float[]> frames = ways.get(row).frames();
        assertThat(frames).hasSize(11);
        assertThat(frames.get(0)).isEqualTo(FakeModelJobs.start(plain, row));
        assertThat(frames.get(10)).isEqualTo(heard.pictures.get(row));
        int middle = 4 * solver.evaluationsPerStep();
        assertThat(frames.get(4))
            .isEqualTo(
                FakeModelLoader.alone(frames.get(0), plain.stages().subList(0, middle), 0, 0));
      }
    }
    assertThat(shelf.misuse).isEmpty();
  }

  @Test
  void aLongWaySkipsFramesAndKeepsTheLast() throws InterruptedException {
    SamplingJob plain = jobs.job(MODEL, 1, Solver.EULER, 1000);
    Trajectory way = new Trajectory(1000, 1, FakeModelJobs.start(plain, 0));
    SamplingJob watched = job(List.of(plain.rows().get(0).withHook(way)), plain.stages());
    try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(1, 1))) {
      RecordingRowListener heard = new RecordingRowListener(1);
      loop.submit(watched, heard);
      heard.await();
      assertThat(way.frames()).hasSizeBetween(50, Trajectory.FRAMES_MAX + 1);
      assertThat(way.frames().get(way.frames().size() - 1)).isEqualTo(heard.pictures.get(0));
    }
  }

  @Test
  void knownPixelsComeOutAsTheyWere() throws InterruptedException {
    for (int repeats : new int[] {0, 2}) {
      Inpainting plan = Inpainting.of(Solver.AB2, AlphaSchedule.UNIFORM.alphas(7), repeats);
      float[] x0 = {0.4f, -0.3f};
      float[] known = {0.123f, 9};
      StageHook painting =
          new InpaintingHook(plan, x0, known, new float[] {0, 1}, new RandomStream(1, 1));
      SamplingJob.Row row =
          new SamplingJob.Row(
              0, new SamplingJob.X0.Given(x0), SamplingJob.Condition.NONE, painting);
      try (StepLoop loop = new StepLoop(shelf, FakeModelLoader.settings(2, 1))) {
        RecordingRowListener heard = new RecordingRowListener(1);
        loop.submit(job(List.of(row), plan.stages()), heard);
        float[] end = heard.await().pictures.get(0);
        assertThat(end[0]).isEqualTo(0.123f);
        assertThat(end[1]).isNotCloseTo(9, within(0.1f));
      }
    }
    assertThat(shelf.misuse).isEmpty();
  }

  @Test
  void guidanceNeedsAModelWithALabelForNoClass() {
    SamplingJob plain = jobs.job(MODEL, 1, Solver.EULER, 2);
    SamplingJob guided =
        new SamplingJob(
            "job",
            MODEL,
            plain.rows(),
            plain.stages(),
            OptionalInt.empty(),
            new Guidance(2, false),
            Priority.NORMAL,
            "",
            Optional.empty());
    org.assertj.core.api.Assertions.assertThatThrownBy(guided::check)
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("trained without classes or conditions");
  }
}
