package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Jobs for the networks of {@link FakeModelLoader}, with assertions on their results. */
public final class FakeModelJobs {
  private float nextMarker = 1;

  /** A job whose rows start from unique values. */
  public SamplingJob job(ModelInfo model, int rows, Solver solver, int steps) {
    return job(model, rows, solver, steps, OptionalInt.empty(), 0);
  }

  public SamplingJob job(
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

  public static List<Stage> stages(Solver solver, int steps) {
    return solver.stages(AlphaSchedule.UNIFORM.alphas(steps));
  }

  public static float[] start(SamplingJob job, int row) {
    return ((SamplingJob.X0.Given) job.rows().get(row).x0()).chw();
  }

  public static void assertAsAlone(
      SamplingJob job, RecordingRowListener listener, long label, float condition) {
    assertThat(listener.failure).isNull();
    assertThat(listener.images).hasSize(job.rows().size());
    for (int row = 0; row < job.rows().size(); row++) {
      assertThat(listener.images.get(row))
          .isEqualTo(FakeModelLoader.alone(start(job, row), job.stages(), label, condition));
    }
    assertThat(listener.stages).isEqualTo(job.rows().size() * job.stages().size());
  }
}
