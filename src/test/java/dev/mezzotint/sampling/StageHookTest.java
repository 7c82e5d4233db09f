package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Guidance;
import dev.mezzotint.iadb.Inpainting;
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

/** Rows with hooks among others without. */
@Timeout(60)
class StageHookTest {
  private static final ModelInfo MODEL = FakeModelLoader.model("plain");

  private final FakeModelLoader loader = new FakeModelLoader();
  private final FakeModelJobs jobs = new FakeModelJobs();

  private static SamplingJob job(List<SamplingJob.Row> rows, List<Stage> stages) {
    return new SamplingJob(
        "job", MODEL, rows, stages, OptionalInt.empty(), Priority.NORMAL, "", Optional.empty());
  }

  @ParameterizedTest
  @EnumSource(Solver.class)
  void trajectory_leadsFromStartToEndAndChangesNothing(Solver solver) throws InterruptedException {
    SamplingJob plain = jobs.job(MODEL, 3, solver, 10);
    List<Trajectory> trajectories = new ArrayList<>();
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (SamplingJob.Row row : plain.rows()) {
      float[] start = FakeModelJobs.start(plain, row.index());
      trajectories.add(new Trajectory(plain.stages().size(), solver.evaluationsPerStep(), start));
      rows.add(row.withHook(trajectories.get(row.index())));
    }
    SamplingJob watched = job(rows, plain.stages());
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(4, 1))) {
      RecordingRowListener other = new RecordingRowListener(2);
      loop.submit(jobs.job(MODEL, 2, Solver.HEUN, 4), other);
      RecordingRowListener listener = new RecordingRowListener(3);
      loop.submit(watched, listener);
      FakeModelJobs.assertAsAlone(watched, listener.await(), 0, 0);
      for (int row = 0; row < 3; row++) {
        List<float[]> frames = trajectories.get(row).frames();
        assertThat(frames).hasSize(11);
        assertThat(frames.get(0)).isEqualTo(FakeModelJobs.start(plain, row));
        assertThat(frames.get(10)).isEqualTo(listener.images.get(row));
        int middle = 4 * solver.evaluationsPerStep();
        assertThat(frames.get(4))
            .isEqualTo(
                FakeModelLoader.alone(frames.get(0), plain.stages().subList(0, middle), 0, 0));
      }
    }
    assertThat(loader.misuse).isEmpty();
  }

  @Test
  void trajectory_skipsFramesOfManySteps_andKeepsTheLast() throws InterruptedException {
    SamplingJob plain = jobs.job(MODEL, 1, Solver.EULER, 1000);
    Trajectory way = new Trajectory(1000, 1, FakeModelJobs.start(plain, 0));
    SamplingJob watched = job(List.of(plain.rows().get(0).withHook(way)), plain.stages());
    try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(1, 1))) {
      RecordingRowListener listener = new RecordingRowListener(1);
      loop.submit(watched, listener);
      listener.await();
      assertThat(way.frames()).hasSizeBetween(50, Trajectory.FRAMES_MAX + 1);
      assertThat(way.frames().get(way.frames().size() - 1)).isEqualTo(listener.images.get(0));
    }
  }

  @Test
  void inpainting_keepsKnownPixels() throws InterruptedException {
    for (int repeats : new int[] {0, 2}) {
      Inpainting plan = Inpainting.of(Solver.AB2, AlphaSchedule.UNIFORM.alphas(7), repeats);
      float[] x0 = {0.4f, -0.3f};
      float[] known = {0.123f, 9};
      StageHook painting = new InpaintingHook(plan, x0, known, new float[] {0, 1}, ~1L, 1);
      SamplingJob.Row row =
          new SamplingJob.Row(
              0, new SamplingJob.X0.Given(x0), SamplingJob.Condition.NONE, painting);
      try (StepLoop loop = new StepLoop(loader, FakeModelLoader.settings(2, 1))) {
        RecordingRowListener listener = new RecordingRowListener(1);
        loop.submit(job(List.of(row), plan.stages()), listener);
        float[] end = listener.await().images.get(0);
        assertThat(end[0]).isEqualTo(0.123f);
        assertThat(end[1]).isNotCloseTo(9, within(0.1f));
      }
    }
    assertThat(loader.misuse).isEmpty();
  }

  @Test
  void guidance_isRefused_withoutALabelForNoClass() {
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
