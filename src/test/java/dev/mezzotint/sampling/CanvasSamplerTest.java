package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Canvas;
import dev.mezzotint.iadb.Noise;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.iadb.Stage;
import dev.mezzotint.job.DeviceException;
import dev.mezzotint.job.Priority;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.network.Engine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Canvases: their tiles are rows of the sampler below, and the whole canvas takes each step. */
class CanvasSamplerTest {
  private static final ModelInfo TILE =
      TestModels.model("tile", "1", 1, 4, 4, OptionalInt.of(5), 2, 4, Solver.AB2);
  private static final ModelInfo CANVAS =
      TILE.withCanvas("canvas", 10, 7, OptionalInt.of(2)); // width 10, height 7
  private static final int VALUES = 70;
  private static final int TILES = 4 * 3;

  private static SamplingJob job(ModelInfo model, List<SamplingJob.Row> rows, Solver solver) {
    return new SamplingJob(
        "job",
        model,
        rows,
        solver.stages(AlphaSchedule.UNIFORM.alphas(5)),
        OptionalInt.of(2),
        Priority.NORMAL,
        "",
        Optional.empty());
  }

  private static SamplingJob.Row row(int index, ModelInfo model, float condition) {
    float[] khw = new float[2 * model.height() * model.width()];
    java.util.Arrays.fill(khw, condition);
    return new SamplingJob.Row(
        index, SamplingJob.X0.noise(model, 9, index), new SamplingJob.Condition.Given(khw));
  }

  private static float[] noise(int index) {
    float[] x0 = new float[VALUES];
    Canvas.noise(9, index, 1, 0, 0, 7, 10, x0, 0);
    return x0;
  }

  /** The field depends on each pixel alone, so that tiles and whole must agree. */
  @ParameterizedTest
  @EnumSource(Solver.class)
  void tilesOnTheStepLoop_giveWhatTheWholeWouldGive(Solver solver) throws Exception {
    FakeModelLoader loader = new FakeModelLoader();
    try (StepLoop loop = new StepLoop(loader, StepLoopSettings.of(8))) {
      CanvasSampler sampler = new CanvasSampler(loop, Runnable::run, 1 << 20);
      SamplingJob job = job(CANVAS, List.of(row(0, CANVAS, 0.25f), row(1, CANVAS, -0.5f)), solver);
      RecordingRowListener canvases = new RecordingRowListener(2);
      RecordingRowListener image = new RecordingRowListener(1);
      sampler.submit(job, canvases);
      sampler.submit(job(TILE, List.of(row(0, TILE, 1)), solver), image); // passed on
      assertThat(image.await().failure).isNull();
      assertThat(canvases.await().failure).isNull();
      for (int index : List.of(0, 1)) {
        float[] whole =
            FakeModelLoader.alone(noise(index), job.stages(), 2, index == 0 ? 0.25f : -0.5f);
        assertThat(canvases.images.get(index)).hasSize(VALUES);
        for (int i = 0; i < VALUES; i++) {
          assertThat(canvases.images.get(index)[i]).isCloseTo(whole[i], Offset.offset(1e-4f));
        }
      }
      assertThat(canvases.stages).isEqualTo(2 * TILES * job.stages().size());
      assertThat(sampler.bytesTaken()).isZero();
      assertThat(loader.misuse).isEmpty();
    }
  }

  /** Answers every submission on the calling thread, with directions that differ by tile. */
  private static Sampler tiles(UnaryOperator<List<SamplingJob.Row>> order) {
    return new Sampler() {
      @Override
      public ModelInfo resolve(String model, Optional<Engine> engine) {
        throw new AssertionError();
      }

      @Override
      public Running submit(SamplingJob job, RowListener listener) {
        assertThat(job.model().canvas()).isEmpty();
        Stage stage = job.stages().get(0);
        for (SamplingJob.Row row : order.apply(new ArrayList<>(job.rows()))) {
          float[] x = new float[16];
          row.x0().write(x, 0, 16);
          float[] d = new float[16];
          Noise.gaussian(row.index(), (long) (1000 * stage.alpha()), d, 0, 16);
          for (int i = 0; i < 16; i++) {
            x[i] += d[i];
          }
          listener.finished(row.index(), x);
        }
        return () -> {};
      }
    };
  }

  private static float[] sampled(Sampler below, SamplingJob job) throws InterruptedException {
    RecordingRowListener canvas = new RecordingRowListener(1);
    new CanvasSampler(below, Runnable::run, 1 << 20).submit(job, canvas);
    return canvas.await().images.get(0);
  }

  @Test
  void theOrderInWhichTilesComeBack_changesNoBit() throws Exception {
    SamplingJob job = job(CANVAS, List.of(row(0, CANVAS, 0)), Solver.AB2);
    float[] inOrder = sampled(tiles(rows -> rows), job);
    float[] reversed =
        sampled(
            tiles(
                rows -> {
                  Collections.reverse(rows);
                  return rows;
                }),
            job);
    Random random = new Random(3);
    float[] shuffled =
        sampled(
            tiles(
                rows -> {
                  Collections.shuffle(rows, random);
                  return rows;
                }),
            job);
    assertThat(reversed).isEqualTo(inOrder);
    assertThat(shuffled).isEqualTo(inOrder);
    assertThat(inOrder).isNotEqualTo(noise(0));
  }

  @Test
  void hooks_seeTheWholeCanvas_andMayChangeIt() throws Exception {
    List<Integer> seen = new ArrayList<>();
    StageHook hook =
        new StageHook() {
          @Override
          public boolean wantsStage(int stages) {
            return stages == 2 || stages == 5;
          }

          @Override
          public boolean afterStage(int stages, float[] x) {
            seen.add(stages * 1000 + x.length);
            java.util.Arrays.fill(x, 7);
            return stages == 5;
          }
        };
    SamplingJob job = job(CANVAS, List.of(row(0, CANVAS, 0).withHook(hook)), Solver.EULER);
    assertThat(sampled(tiles(rows -> rows), job)).containsOnly(7);
    assertThat(seen).containsExactly(2000 + VALUES, 5000 + VALUES);
  }

  /** Accepts stages and answers when a test does. */
  private static final class Held implements Sampler {
    final List<SamplingJob> jobs = new ArrayList<>();
    final List<RowListener> listeners = new ArrayList<>();
    int cancelled;

    @Override
    public ModelInfo resolve(String model, Optional<Engine> engine) {
      throw new AssertionError();
    }

    @Override
    public Running submit(SamplingJob job, RowListener listener) {
      jobs.add(job);
      listeners.add(listener);
      return () -> cancelled++;
    }

    /** All tiles of the last stage come back. */
    void answer(int submission) {
      for (int tile = 0; tile < TILES; tile++) {
        listeners.get(submission).finished(tile, new float[16]);
      }
    }
  }

  /** x, sum, the previous direction of AB2 and the copy for hooks. */
  private static final long BYTES = 4L * VALUES * Float.BYTES;

  @Test
  void aJobWithoutRoom_waitsUntilAnotherHasEnded() throws Exception {
    Held below = new Held();
    CanvasSampler sampler = new CanvasSampler(below, Runnable::run, BYTES);
    SamplingJob job = job(CANVAS, List.of(row(0, CANVAS, 0)), Solver.AB2);
    RecordingRowListener first = new RecordingRowListener(1);
    Sampler.Running running = sampler.submit(job, first);
    sampler.submit(job, new RecordingRowListener(1));
    Sampler.Running third = sampler.submit(job, new RecordingRowListener(1));
    assertThat(below.jobs).hasSize(1);
    third.cancel(); // while it waits
    running.cancel();
    assertThat(below.cancelled).isEqualTo(1);
    assertThat(below.jobs).as("the second has room now").hasSize(2);
    below.answer(0); // tiles that were about to finish
    assertThat(below.jobs).as("a cancelled canvas takes no further stage").hasSize(2);
    below.listeners.get(1).failed(new DeviceException("gone"));
    assertThat(sampler.bytesTaken()).isZero();
    assertThat(first.images).isEmpty();
  }

  @Test
  void aFailureBelow_isReportedOnce() throws Exception {
    Held below = new Held();
    CanvasSampler sampler = new CanvasSampler(below, Runnable::run, BYTES);
    RecordingRowListener canvas = new RecordingRowListener(1);
    sampler.submit(job(CANVAS, List.of(row(0, CANVAS, 0)), Solver.AB2), canvas);
    below.answer(0);
    assertThat(below.jobs).hasSize(2);
    below.listeners.get(1).failed(new DeviceException("gone"));
    below.listeners.get(1).failed(new DeviceException("again"));
    assertThat(canvas.await().failure).hasMessage("gone");
    assertThat(canvas.failures).isEqualTo(1);
    assertThat(below.jobs).hasSize(2);
  }

  @Test
  void impossibleCanvases_areRefused() {
    CanvasSampler sampler = new CanvasSampler(new Held(), Runnable::run, BYTES - 1);
    SamplingJob job = job(CANVAS, List.of(row(0, CANVAS, 0)), Solver.AB2);
    assertThatThrownBy(() -> sampler.submit(job, new RecordingRowListener(1)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessage(
            "canvas of 10x7 takes 0 MB of memory in this worker, which has 0 MB for canvases");
    assertThatThrownBy(() -> TILE.withCanvas("canvas", 10, 3, OptionalInt.empty()))
        .hasMessage(
            "canvas is 10x3 pixels: model tile@1 draws tiles of 4x4, of which it needs at least"
                + " one");
    assertThatThrownBy(() -> TILE.withCanvas("canvas", 10, 7, OptionalInt.of(3)))
        .hasMessage("canvas: overlap must be from 1 to 2, half a tile of model tile@1, not 3");
  }
}
