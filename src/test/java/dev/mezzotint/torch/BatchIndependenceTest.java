package dev.mezzotint.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.iadb.AlphaSchedule;
import dev.mezzotint.iadb.Solver;
import dev.mezzotint.image.Pixels;
import dev.mezzotint.image.Png;
import dev.mezzotint.job.Priority;
import dev.mezzotint.model.ModelFolder;
import dev.mezzotint.network.Device;
import dev.mezzotint.sampling.ModelInfo;
import dev.mezzotint.sampling.ModelResolver;
import dev.mezzotint.sampling.Sampler;
import dev.mezzotint.sampling.SamplingJob;
import dev.mezzotint.sampling.StepLoop;
import dev.mezzotint.sampling.StepLoopSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Results on the bundled network do not depend on other requests, and hardly on pass sizes. */
class BatchIndependenceTest {
  private static final int IMAGES = 5;
  private static final int PINNED = 4;

  private final ModelResolver library;
  private final ModelInfo model;

  BatchIndependenceTest() {
    library = new ModelResolver(device(), name -> ModelFolder.open(name, Path.of("models")));
    model = library.find("avatars-32");
  }

  private SamplingJob job(long seed, int from, int to, Solver solver, int steps) {
    List<SamplingJob.Row> rows = new ArrayList<>();
    for (int i = from; i < to; i++) {
      rows.add(SamplingJob.Row.seeded(i, seed, i));
    }
    return new SamplingJob(
        "job",
        model,
        rows,
        solver.stages(AlphaSchedule.UNIFORM.alphas(steps)),
        OptionalInt.empty(),
        Priority.NORMAL,
        "",
        Optional.empty());
  }

  /** The images of a job by index, as its listener receives them. */
  private CompletableFuture<Map<Integer, float[]>> submit(StepLoop loop, SamplingJob job) {
    CompletableFuture<Map<Integer, float[]>> all = new CompletableFuture<>();
    Map<Integer, float[]> images = new TreeMap<>();
    loop.submit(
        job,
        new Sampler.RowListener() {
          @Override
          public void advanced(int stages) {}

          @Override
          public void finished(int row, float[] chw) {
            images.put(row, chw);
            if (images.size() == job.rows().size()) {
              all.complete(images);
            }
          }

          @Override
          public void failed(RuntimeException cause) {
            all.completeExceptionally(cause);
          }
        });
    return all;
  }

  private byte[] png(float[] chw) {
    return Png.encode(Pixels.fromChw(chw, 0, model.channels(), model.height(), model.width()));
  }

  private Map<Integer, float[]> alone(int pinned) {
    try (StepLoop loop = new StepLoop(library, StepLoopSettings.of(16).withPinned(pinned))) {
      return submit(loop, job(1, 0, IMAGES, Solver.AB2, 6)).join();
    }
  }

  @Test
  void fixedPassSize_givesTheSameBytesInAnyMix() {
    Map<Integer, float[]> alone = alone(PINNED);
    StepLoopSettings settings = StepLoopSettings.of(16).withPinned(PINNED);
    for (int mix = 0; mix < 2; mix++) {
      Random random = new Random(mix);
      try (StepLoop one = new StepLoop(library, settings);
          StepLoop two = new StepLoop(library, settings)) {
        List<CompletableFuture<?>> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          SamplingJob other =
              job(
                  100 + i,
                  0,
                  1 + random.nextInt(3),
                  Solver.values()[random.nextInt(Solver.values().length)],
                  1 + random.nextInt(5));
          others.add(submit(i % 2 == 0 ? one : two, other));
        }
        // Half of the job on each loop.
        var first = submit(one, job(1, 0, 2, Solver.AB2, 6));
        var second = submit(two, job(1, 2, IMAGES, Solver.AB2, 6));
        Map<Integer, float[]> among = new TreeMap<>(first.join());
        among.putAll(second.join());
        assertThat(among.keySet()).isEqualTo(alone.keySet());
        among.forEach((row, chw) -> assertThat(png(chw)).isEqualTo(png(alone.get(row))));
        among.forEach((row, chw) -> assertThat(chw).as("every bit").isEqualTo(alone.get(row)));
        others.forEach(CompletableFuture::join);
      }
    }
  }

  @Test
  void otherPassSizes_changeAPixelByAtMostOneGreyLevel() {
    Map<Integer, float[]> single = alone(1);
    for (int size : new int[] {2, 4, 8, 16}) {
      Map<Integer, float[]> other = alone(size);
      long differing = 0;
      long all = 0;
      for (int row = 0; row < IMAGES; row++) {
        float[] a = single.get(row);
        float[] b = other.get(row);
        for (int i = 0; i < a.length; i++) {
          int levels = Math.abs(grey(a[i]) - grey(b[i]));
          assertThat(levels).isLessThanOrEqualTo(1);
          differing += levels;
          all++;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "passes of %d against passes of 1: %d of %d values differ by one grey level (%.4f %%)%n",
          size,
          differing,
          all,
          100.0 * differing / all);
    }
  }

  private int grey(float value) {
    return (int) Math.round(255 * Math.min(1.0, Math.max(0, value / 2 + 0.5)));
  }

  /** The device under test; another engine's test is a subclass. */
  Device device() {
    return TorchDevice.open("cpu", 1);
  }
}
