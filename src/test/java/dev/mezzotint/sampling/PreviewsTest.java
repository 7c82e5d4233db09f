package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.ImageReader;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.Priority;
import dev.mezzotint.network.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Previews of running rows, which are read only for viewers. */
class PreviewsTest {
  private final AtomicLong clock = new AtomicLong(1);
  private final Previews previews = new Previews(clock::get);
  private final List<SamplingJob> taken = new ArrayList<>();
  private final List<Sampler.RowListener> listeners = new ArrayList<>();
  private boolean down;
  private int cancelled;

  /** Accepts rows and does nothing on its own. */
  private final Sampler loop =
      new Sampler() {
        @Override
        public ModelInfo resolve(String model, Optional<Engine> engine) {
          throw new AssertionError();
        }

        @Override
        public Running submit(SamplingJob job, RowListener listener) {
          if (down) {
            throw new DeviceException("gone");
          }
          taken.add(job);
          listeners.add(listener);
          return () -> cancelled++;
        }
      };

  private Sampler.Running submit(String id, int rows) {
    return submit(id, rows, NoiseSampler.TINY);
  }

  private Sampler.Running submit(String id, int rows, ModelInfo model) {
    List<SamplingJob.Row> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      all.add(SamplingJob.Row.seeded(i, 7, i));
    }
    SamplingJob job =
        new SamplingJob(
            id,
            model,
            all,
            FakeModelJobs.stages(Solver.EULER, 10),
            OptionalInt.empty(),
            Priority.NORMAL,
            "",
            Optional.empty());
    return previews.observe(loop).submit(job, new RecordingRowListener(rows));
  }

  /** A pass of the loop: calls the hooks that want it. Returns their number. */
  private int pass(SamplingJob job, int stages) {
    List<SamplingJob.Row> wanted =
        job.rows().stream().filter(row -> row.hook().wantsStage(stages)).toList();
    for (SamplingJob.Row row : wanted) {
      float[] x = new float[job.model().channels() * job.model().height() * job.model().width()];
      java.util.Arrays.fill(x, 0.1f * stages - 0.5f);
      assertThat(row.hook().afterStage(stages, x)).as("x stays").isFalse();
    }
    return wanted.size();
  }

  private void after(int millis) {
    clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void doesNotReadRowsWithoutViewers() {
    submit("a", 4);
    assertThat(pass(taken.get(0), 1)).isZero();
    assertThat(previews.read("b")).isEmpty();
    assertThat(pass(taken.get(0), 2)).isZero();
  }

  @Test
  void previewsRowsAFewTimesASecond() throws Exception {
    submit("a", 4);
    assertThat(previews.read("a")).isEmpty();
    assertThat(pass(taken.get(0), 1)).isEqualTo(4);
    assertThat(pass(taken.get(0), 2)).as("soon after").isZero();
    List<Previews.RowPreview> seen = previews.read("a");
    assertThat(seen).extracting(Previews.RowPreview::index).containsExactly(0, 1, 2, 3);
    assertThat(seen.get(0).done()).isEqualTo(1);
    assertThat(seen.get(0).total()).isEqualTo(10);
    ModelInfo model = taken.get(0).model();
    assertThat(ImageReader.read(seen.get(0).png(), model.channels()).width())
        .isEqualTo(model.width());
    after(500);
    assertThat(pass(taken.get(0), 3)).isEqualTo(4);
    assertThat(previews.read("a").get(0).done()).isEqualTo(3);
    after(3_100);
    assertThat(pass(taken.get(0), 4)).as("no viewer for three seconds").isZero();
    assertThat(pass(taken.get(0), 10)).as("a row's end comes by itself").isZero();
  }

  @Test
  void previewsOnlyAFewRowsOfALargeJob() {
    submit("a", 40);
    previews.read("a");
    assertThat(pass(taken.get(0), 1)).isEqualTo(Previews.ROWS_MAX);
    listeners.get(0).finished(0, new float[1]);
    after(500);
    assertThat(pass(taken.get(0), 2)).isEqualTo(Previews.ROWS_MAX);
    assertThat(previews.read("a")).hasSize(Previews.ROWS_MAX);
  }

  @Test
  void scalesLargeImagesDownAndIgnoresPoints() throws Exception {
    submit(
        "large", 9, TestModels.model("l", "1", 3, 400, 800, OptionalInt.empty(), 0, 4, Solver.AB2));
    submit("points", 9, TestModels.model("p", "1", 2, 1, 1, OptionalInt.empty(), 0, 4, Solver.AB2));
    previews.read("large");
    previews.read("points");
    assertThat(pass(taken.get(0), 1)).isEqualTo(1);
    assertThat(pass(taken.get(1), 1)).isZero();
    Pixels small = ImageReader.read(previews.read("large").get(0).png(), 3);
    assertThat(small.width()).isEqualTo(128);
    assertThat(small.height()).isEqualTo(64);
  }

  @Test
  void resultsDoNotDependOnPreviews() throws Exception {
    Previews real = new Previews(System::nanoTime);
    FakeModelLoader loader = new FakeModelLoader();
    try (StepLoop steps = new StepLoop(loader, FakeModelLoader.settings(8, 1))) {
      SamplingJob job = new FakeModelJobs().job(FakeModelLoader.model("m"), 6, Solver.HEUN, 200);
      RecordingRowListener listener = new RecordingRowListener(6);
      real.observe(steps).submit(job, listener);
      while (real.running() > 0) {
        real.read("job");
      }
      FakeModelJobs.assertAsAlone(job, listener.await(), 0, 0);
    }
  }

  @Test
  void forgetsRowsThatHaveEnded() {
    submit("a", 2);
    submit("b", 1);
    Sampler.Running last = submit("c", 1);
    assertThat(previews.running()).isEqualTo(3);
    listeners.get(0).finished(0, new float[1]);
    assertThat(previews.running()).isEqualTo(3);
    listeners.get(0).finished(1, new float[1]);
    listeners.get(1).failed(new IllegalStateException("broken"));
    last.cancel();
    assertThat(cancelled).isEqualTo(1);
    assertThat(previews.running()).isZero();
    assertThat(previews.read("a")).isEmpty();
    down = true;
    assertThatThrownBy(() -> submit("d", 1)).isInstanceOf(DeviceException.class);
    assertThat(previews.running()).isZero();
  }
}
