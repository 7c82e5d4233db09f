package dev.mezzotint.iadb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mezzotint.iadb.Inpainting.Action;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InpaintingTest {
  private static final double[] ALPHAS = AlphaSchedule.UNIFORM.alphas(6);

  @ParameterizedTest
  @EnumSource(Solver.class)
  void withoutRepeats_stagesAreThoseOfTheSolver(Solver solver) {
    Inpainting plan = Inpainting.of(solver, ALPHAS, 0);
    assertThat(plan.stages()).isEqualTo(solver.stages(ALPHAS));
    assertThat(plan.actions()).hasSameSizeAs(plan.stages());
    assertThat(plan.actions()).filteredOn(a -> a instanceof Action.Paste).hasSize(6);
    assertThat(plan.actions().get(plan.actions().size() - 1)).isEqualTo(new Action.Paste(1));
  }

  @Test
  void repeatedSteps_startAgainWithoutHistory() {
    Inpainting plan = Inpainting.of(Solver.AB2, ALPHAS, 2);
    assertThat(plan.stages()).hasSize(18);
    for (int i = 0; i < 18; i++) {
      assertThat(plan.stages().get(i).alpha()).isEqualTo(ALPHAS[i / 3]);
      assertThat(plan.stages().get(i).g1()).isZero();
    }
    assertThat(plan.actions().get(0)).isEqualTo(new Action.Repeat(ALPHAS[1], 0));
    assertThat(plan.actions().get(2)).isEqualTo(new Action.Paste(ALPHAS[1]));
    assertThatIllegalArgumentException().isThrownBy(() -> Inpainting.of(Solver.AB2, ALPHAS, 17));
  }

  @Test
  void knownPixels_endExactlyAsTheImage_softOnesBetween() {
    Inpainting plan = Inpainting.of(Solver.EULER, ALPHAS, 1);
    float[] x = {0.3f, 0.3f, 0.3f};
    float[] known = {0.1234567f, -0.9f, 0.5f};
    plan.apply(
        plan.stages().size() - 1,
        x,
        new float[] {2, 2, 2},
        known,
        new float[] {0, 1, 0.5f},
        new RandomStream(1, 1));
    assertThat(x[0]).isEqualTo(known[0]);
    assertThat(x[1]).isEqualTo(0.3f);
    assertThat(x[2]).isCloseTo(0.4f, within(1e-6f));
  }

  /** Blends at α′ = ⅓ jump back to α = ⅙ and have that α's density: mean α y, deviation 1 − α. */
  @Test
  void jumpBack_keepsTheDensityOfBlends() {
    Inpainting plan = Inpainting.of(Solver.EULER, ALPHAS, 1);
    int jump = 2; // the first pass of step 1, from α = 1/6 to 2/6
    assertThat(plan.actions().get(jump)).isEqualTo(new Action.Repeat(ALPHAS[2], ALPHAS[1]));
    int n = 20_000;
    float[] x0 = new float[n];
    Noise.gaussian(1, 0, x0, 0, n);
    float[] x = new float[n];
    float[] ones = new float[n];
    float[] mask = new float[n];
    java.util.Arrays.fill(ones, 0.8f);
    java.util.Arrays.fill(mask, 1);
    Iadb.blend(x0, ones, ALPHAS[2], x);
    plan.apply(jump, x, x0, ones, mask, new RandomStream(2, 0));
    double mean = 0;
    double squares = 0;
    for (float value : x) {
      mean += value / n;
      squares += (double) value * value / n;
    }
    assertThat(mean).isCloseTo(ALPHAS[1] * 0.8, within(5 / Math.sqrt(n)));
    assertThat(Math.sqrt(squares - mean * mean)).isCloseTo(1 - ALPHAS[1], within(0.02));
  }
}
