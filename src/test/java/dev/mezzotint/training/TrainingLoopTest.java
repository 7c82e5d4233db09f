package dev.mezzotint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mezzotint.model.Tensor;
import dev.mezzotint.network.OptimizerState;
import dev.mezzotint.network.TrainingNetwork;
import dev.mezzotint.training.recipe.Recipe;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TrainingLoopTest {
  private final List<String> events = new ArrayList<>();
  private final List<TrainingNetwork.Batch> seen = new ArrayList<>();
  private long stopAfter = Long.MAX_VALUE;
  private long last;

  private final TrainingLoop.Output output =
      new TrainingLoop.Output() {
        @Override
        public void log(TrainingEvent.Step step) {
          last = step.iteration();
        }

        @Override
        public Path checkpoint(long iteration) {
          return Path.of("checkpoint " + iteration);
        }

        @Override
        public Path sample(long iteration) {
          return Path.of("sample " + iteration);
        }
      };

  private void onEvent(TrainingEvent event) {
    if (event instanceof TrainingEvent.Checkpoint checkpoint) {
      assertThat(checkpoint.iteration()).isEqualTo(last);
      events.add(checkpoint.file().toString());
    } else if (event instanceof TrainingEvent.Sample sample) {
      events.add(sample.file().toString());
    }
  }

  private long run(Recipe recipe, Squares data, long done, LongFunction<double[]> result)
      throws InterruptedException {
    Batches batches = new Batches(Pairs.of(recipe, data), recipe);
    last = done;
    return new TrainingLoop(recipe, network(done, result), batches, output, this::onEvent)
        .run(() -> last >= stopAfter);
  }

  private TrainingNetwork network(long done, LongFunction<double[]> result) {
    return new TrainingNetwork() {
      private long iteration = done;

      @Override
      public StepResult step(Batch batch, double learningRate, double emaDecay) {
        seen.add(batch);
        double[] numbers = result.apply(++iteration);
        return new StepResult(numbers[0], numbers[1]);
      }

      @Override
      public long iteration() {
        return iteration;
      }

      @Override
      public Tensor read(OptimizerState.Part part, String name) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Map<String, Tensor> ema() {
        throw new UnsupportedOperationException();
      }

      @Override
      public void close() {}
    };
  }

  private static double[] finite(long iteration) {
    return new double[] {1.0 / iteration, 1};
  }

  @Test
  void writesCheckpoint_atIntervalAndAtTheEnd() throws InterruptedException {
    assertThat(run(Recipes.tiny(), new Squares(20, 3, 8), 0, TrainingLoopTest::finite))
        .isEqualTo(12);
    assertThat(events).containsExactly("checkpoint 4", "checkpoint 8", "sample 8", "checkpoint 12");
    assertThat(seen).hasSize(12);
  }

  @Test
  void stopsAfterCurrentStep_withCheckpoint() throws InterruptedException {
    stopAfter = 6;
    assertThat(run(Recipes.tiny(), new Squares(20, 3, 8), 0, TrainingLoopTest::finite))
        .isEqualTo(6);
    assertThat(events).containsExactly("checkpoint 4", "checkpoint 6");
    assertThat(seen).hasSize(6);
  }

  @Test
  void resumes_withTheBatchesOfAnUninterruptedRun() throws InterruptedException {
    run(Recipes.tiny(), new Squares(20, 3, 8), 0, TrainingLoopTest::finite);
    List<TrainingNetwork.Batch> whole = List.copyOf(seen);
    seen.clear();
    run(Recipes.tiny(), new Squares(20, 3, 8), 7, TrainingLoopTest::finite);
    assertThat(seen).hasSize(5);
    for (int i = 0; i < 5; i++) {
      assertThat(seen.get(i).x1()).isEqualTo(whole.get(7 + i).x1());
      assertThat(seen.get(i).x0()).isEqualTo(whole.get(7 + i).x0());
      assertThat(seen.get(i).alpha()).isEqualTo(whole.get(7 + i).alpha());
    }
    assertThat(whole.get(0).x0()).isNotEqualTo(whole.get(1).x0());
    assertThat(whole.get(0).alpha()).isNotEqualTo(whole.get(1).alpha());
  }

  @Test
  void fails_withoutCheckpoint_whenLossOrGradientIsNotFinite() {
    for (int spoilt = 0; spoilt < 2; spoilt++) {
      events.clear();
      int which = spoilt;
      assertThatThrownBy(
              () ->
                  run(
                      Recipes.tiny(),
                      new Squares(20, 3, 8),
                      0,
                      iteration -> {
                        double[] numbers = finite(iteration);
                        if (iteration == 8) {
                          numbers[which] = which == 0 ? Double.NaN : Double.POSITIVE_INFINITY;
                        }
                        return numbers;
                      }))
          .isInstanceOf(DivergedException.class)
          .hasMessageContaining("step 8")
          .hasMessageContaining("the last checkpoint is kept, that of step 4");
      assertThat(events).containsExactly("checkpoint 4");
    }
  }

  @Test
  void divergence_beforeTheFirstCheckpoint_saysThatThereIsNone() {
    assertThatThrownBy(
            () ->
                run(
                    Recipes.tiny(),
                    new Squares(20, 3, 8),
                    0,
                    iteration -> new double[] {Double.NaN, 1}))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("there is no checkpoint yet");
  }

  @Test
  void fails_namingTheImage_whenAnImageIsGone() {
    Squares data = new Squares(20, 3, 8);
    data.unreadable = 3;
    assertThatThrownBy(() -> run(Recipes.tiny(), data, 0, TrainingLoopTest::finite))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("3.png");
  }

  @Test
  void epoch_hasEveryImageOnce() {
    Recipe recipe = Recipes.tiny("\"flip\": true", "\"flip\": false");
    Batches batches = new Batches(Pairs.of(recipe, new Squares(18, 3, 8)), recipe);
    for (int epoch = 0; epoch < 3; epoch++) {
      Set<Float> colours = new HashSet<>();
      for (int step = 0; step < 3; step++) {
        float[] x1 = batches.at(3 * epoch + step).x1();
        for (int row = 0; row < 6; row++) {
          colours.add(x1[row * 3 * 64 + 1]);
        }
      }
      assertThat(colours).hasSize(18);
    }
  }

  @Test
  void alphaIsBelowOne_andHalfOfTheImagesAreMirrored() {
    Batches batches = new Batches(Pairs.of(Recipes.tiny(), new Squares(18, 3, 8)), Recipes.tiny());
    int mirrored = 0;
    int rows = 0;
    for (int step = 0; step < 50; step++) {
      TrainingNetwork.Batch batch = batches.at(step);
      for (int row = 0; row < 6; row++, rows++) {
        assertThat(batch.alpha()[row]).isBetween(0f, Math.nextDown(1f));
        float[] x1 = batch.x1();
        // The images' first column is a little brighter.
        mirrored += x1[row * 3 * 64] < x1[row * 3 * 64 + 7] ? 1 : 0;
      }
    }
    assertThat(mirrored).isBetween(rows / 3, 2 * rows / 3);
  }
}
